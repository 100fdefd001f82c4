"""From a stream record to a delivered mail.

confirmations   the entry point of two functions: a stream batch, or a sweep of the owed mails
run             one invocation: its time, its outcomes, and what stopped it
records         stream records, of which nothing is taken for granted
service         one record: claim it, mail it, record the result
composer        turns a record into the finished message
content         what a mail shows
rendering       subject, text and HTML from `templates/`
language        the `words/` of a language
pool            the connections to the mail server, shared by the workers
connection      one mail over one connection
pipeline        the SMTP commands of a mail, sent together
login           a new connection, secured and logged in
replies         what the mail server's replies mean
"""
