-- Take from the appointments what a service without rules in its database does itself.
do $$
declare
    unwanted text;
begin
    for unwanted in
        select tgname from pg_trigger where tgrelid = 'appointment'::regclass and not tgisinternal
    loop
        execute format('drop trigger %I on appointment', unwanted);
    end loop;
end
$$
