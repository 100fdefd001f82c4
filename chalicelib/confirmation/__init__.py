"""From a stream record to a delivered mail.

confirmations   the two functions' entrance: a batch of the stream, or a sweep of what is owed
run             one invocation's time, outcomes, and what stopped it
records         stream records, read with distrust
service         one record: claim it, mail it, record how that ended
composer        from a record to the finished message
content         what a mail shows
rendering       subject, text and HTML from `templates/`
language        a language's `words/`
pool            the connections to the mail server, shared by the workers
connection      one mail over one connection
pipeline        a mail's commands, sent together
login           a new connection, secured and logged in
replies         what the mail server's replies mean
"""
