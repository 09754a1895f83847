-- Let the statements of this transaction, and the pauses between them, take longer than a request's.
select
    set_config('statement_timeout', :timeout, true),
    set_config('idle_in_transaction_session_timeout', :timeout, true)
