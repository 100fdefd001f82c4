/** Everything that the kiosk says. kiosk.js fills in `{name}` and the like. */

export const WORDS = {
  ko: {
    languages: '언어',
    prompt: '휴대폰 번호를 입력해 주세요',
    keypad: '숫자판',
    plus: '국가 번호 앞의 +',
    erase: '한 자리 지우기',
    clear: '모두 지우기',
    check_in: '체크인',
    too_short: '번호를 끝까지 입력해 주세요.',
    not_a_number: '전화번호만 넣을 수 있습니다.',
    name: '이름',
    email: '이메일',
    name_missing: '이름을 입력해 주세요.',
    email_missing: '이메일을 입력하거나 ‘이메일 없이 계속’을 눌러 주세요.',
    email_invalid: '이메일 주소를 다시 확인해 주세요.',
    without_email: '이메일 없이 계속',
    next: '확인',
    retry: '지금 다시 시도',
    cancel: '취소',
    offline: '연결이 끊겼습니다. 다시 연결하고 있습니다.',
    page_title: '{event} 체크인',
    states: {
      loading: { title: '잠시만 기다려 주세요', text: '' },
      idle: { title: '', text: '' },
      checking: { title: '확인하고 있습니다', text: '' },
      welcome: {
        title: '{name} 님, 환영합니다',
        text: '체크인되었습니다.\n확인 메일 받는 곳: {to}',
        unmailed: '체크인되었습니다.',
      },
      already: {
        title: '이미 체크인하셨습니다',
        text: '{name} 님은 {checked}에 체크인하셨습니다.\n다시 하지 않으셔도 됩니다.',
      },
      not_registered: {
        title: '명단에 없는 번호입니다',
        text: '번호를 다시 확인하시거나 안내 데스크에 문의해 주세요.',
      },
      details: {
        title: '여기서 바로 등록하세요',
        text: '명단에 없는 번호입니다.\n이름을 입력하시면 바로 체크인됩니다.',
      },
      address: {
        title: '이메일 주소가 필요합니다',
        text: '참석 확인 메일을 받을 주소를 입력해 주세요.',
      },
      invalid: {
        title: '번호를 다시 확인해 주세요',
        text: '전화번호로 읽을 수 없습니다.\n처음부터 다시 입력해 주세요.',
      },
      refused: { title: '체크인하지 못했습니다', text: '안내 데스크에 문의해 주세요. {detail}' },
      not_open: { title: '아직 체크인 시간이 아닙니다', text: '{opens}부터 체크인할 수 있습니다.' },
      closed: {
        title: '체크인이 마감되었습니다',
        text: '{closes}에 마감되었습니다.\n안내 데스크에 문의해 주세요.',
      },
      unreachable: {
        title: '아직 체크인되지 않았습니다',
        text: '연결이 원활하지 않습니다.\n끝자리 {last4} 번호로 다시 시도하고 있습니다.',
      },
      unloaded: {
        title: '연결할 수 없습니다',
        text: '행사 정보를 불러오지 못했습니다.\n자동으로 다시 시도합니다.',
      },
      key_required: {
        title: '주최자가 여는 키오스크입니다',
        text: '이 행사의 체크인은 주최자에게 받은 키오스크 링크로 열어 주세요.',
      },
      key_rejected: {
        title: '키오스크 링크가 맞지 않습니다',
        text: '주최자에게 이 행사의 새 링크를 받아 다시 열어 주세요.',
      },
      unknown_event: {
        title: '행사를 찾을 수 없습니다',
        text: '주소에 있는 행사 코드 {code}를 확인해 주세요.',
      },
    },
  },
  en: {
    languages: 'Language',
    prompt: 'Enter your phone number',
    keypad: 'Keypad',
    plus: 'Plus, before a country code',
    erase: 'Erase one digit',
    clear: 'Clear all',
    check_in: 'Check in',
    too_short: 'Please enter the whole number.',
    not_a_number: 'Only a phone number goes here.',
    name: 'Name',
    email: 'E-mail',
    name_missing: 'Please enter your name.',
    email_missing: 'Enter an e-mail address, or choose “Continue without e-mail”.',
    email_invalid: 'Please check the e-mail address.',
    without_email: 'Continue without e-mail',
    next: 'Done',
    retry: 'Try again now',
    cancel: 'Cancel',
    offline: 'Connection lost. Reconnecting.',
    page_title: '{event} check-in',
    states: {
      loading: { title: 'One moment, please', text: '' },
      idle: { title: '', text: '' },
      checking: { title: 'Checking', text: '' },
      welcome: {
        title: 'Welcome, {name}',
        text: 'You are checked in.\nA confirmation is on its way to {to}.',
        unmailed: 'You are checked in.',
      },
      already: {
        title: 'You are already checked in',
        text: '{name}, {checked}.\nThere is nothing more to do.',
      },
      not_registered: {
        title: 'This number is not on the list',
        text: 'Please check the number, or ask at the desk.',
      },
      details: {
        title: 'Register right here',
        text: 'This number is not on the list.\nTell us your name and you are in.',
      },
      address: {
        title: 'An e-mail address is needed',
        text: 'Where should we send your proof of attendance?',
      },
      invalid: {
        title: 'Please check the number',
        text: 'It could not be read as a phone number. Please enter it again.',
      },
      refused: { title: 'Check-in did not work', text: 'Please ask at the desk. {detail}' },
      not_open: { title: 'Check-in is not open yet', text: 'Opens {opens}.' },
      closed: {
        title: 'Check-in is closed',
        text: 'Closed {closes}. Please ask at the desk.',
      },
      unreachable: {
        title: 'You are not checked in yet',
        text: 'The connection is poor.\nWe keep trying with the number ending in {last4}.',
      },
      unloaded: {
        title: 'No connection',
        text: 'The event could not be loaded. We keep trying.',
      },
      key_required: {
        title: 'Opened by the organizers',
        text: 'Check-in for this event opens with the kiosk link from its organizers.',
      },
      key_rejected: {
        title: 'This kiosk link does not fit',
        text: 'Please open the new link for this event from its organizers.',
      },
      unknown_event: {
        title: 'No such event',
        text: 'Please check the event code {code} in the address.',
      },
    },
  },
};
