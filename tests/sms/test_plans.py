"""What a list of messages costs among very many."""

from dcms.database.lists import Filter, statement, word, words
from dcms.sms.repository import NEWEST_FIRST, SQL
from dcms.sms.structs import Sms
from tests.api import Api
from tests.plans import rows_visited

MESSAGES = 8000
MOST_ROWS = 300


async def test_the_few_that_were_reviewed_are_found_among_many(api: Api) -> None:
    await api.owner.execute(
        f"""
        alter table sms disable trigger user;
        insert into sms (direction, text, status, segments, encoding, created_at, reviewed_at)
        select 'in', 'x', 'received', 1, 'GSM-7', now() - number * interval '1 minute',
            case when number % 1000 = 999 then now() end
        from generate_series(1, {MESSAGES}) as number;
        alter table sms enable trigger user;
        analyze sms
        """
    )
    filters = [word("direction", "in"), Filter("reviewed_at", "null", value=False)]
    text, values = statement(SQL.find, Sms, filters, NEWEST_FIRST, (), 51)

    for mode in ("force_custom_plan", "force_generic_plan"):
        await api.owner.execute(f"set plan_cache_mode = {mode}")
        assert await rows_visited(api, text, values) < MOST_ROWS


async def test_none_that_failed_are_found_among_many(api: Api) -> None:
    await api.owner.execute(
        f"""
        alter table sms disable trigger user;
        insert into sms (direction, text, status, segments, encoding, created_at)
        select 'out', 'x', 'delivered', 1, 'GSM-7', now() - number * interval '1 minute'
        from generate_series(1, {MESSAGES}) as number;
        alter table sms enable trigger user;
        analyze sms
        """
    )
    text, values = statement(SQL.find, Sms, [words("status", ["failed", "undelivered"])], NEWEST_FIRST, (), 51)

    for mode in ("force_custom_plan", "force_generic_plan"):
        await api.owner.execute(f"set plan_cache_mode = {mode}")
        assert await rows_visited(api, text, values) < MOST_ROWS
