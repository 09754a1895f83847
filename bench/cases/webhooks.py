"""The provider's events: acknowledged when they are on the disk."""

import itertools

from bench.arena import SQL, Arena
from bench.load import latencies, press
from bench.pgbench import find_pgbench, script, transactions_a_second
from bench.rounds import Measure, Result, percentiles, ratio, take_turns

STEADY_SHARE = 0.5
# more than any server here takes in a second
MOST_A_SECOND = 8000
BODY = "MessageSid=SM&amp;From=+491600000001&amp;To=+493012345678&amp;Body=Thank+you,+see+you+then!"


def webhook(arena: Arena) -> Result:
    """Messages that come in, each with its signature, none twice; pgbench inserts the same row."""
    options = arena.options
    with arena.service() as dcms:

        def rate() -> float:
            requests = arena.messages(dcms, int(MOST_A_SECOND * max(1, options.seconds)))
            return press(dcms.port, requests, options.connections, options.seconds).rate

        contestants: dict[str, Measure] = {"dcms": rate}
        if find_pgbench() is not None:
            contestants["pgbench"] = _alone(arena)
        rate()
        figures = take_turns(contestants, options.rounds)
        steady = STEADY_SHARE * figures["dcms"].median
        seconds = options.steady_s(steady)
        requests = arena.messages(dcms, int(steady * seconds) + 1)
        waits = percentiles(latencies(dcms.port, requests, options.connections, steady, seconds))
    return Result(
        case="webhook",
        title="a webhook event, acknowledged after its commit",
        unit="events/s",
        figures=figures,
        ratios=[ratio(figures, "dcms", "pgbench", wanted=0.7, aim=1.5)] if "pgbench" in figures else [],
        latencies={"dcms": waits},
        notes=[f"latencies at a steady {steady:.0f}/s"],
    )


def _alone(arena: Arena) -> Measure:
    options = arena.options
    text = script(
        SQL.event,
        ["i :i + 1"],
        {
            "kind": "'sms.inbound'",
            "subject": "concat('SMpgbench', (:round)::text, '-', (:client_id)::text, '-', (:i)::text)",
            "event": "'received'",
            "details": (
                """'{"text": "Thank you, see you then!", "number": {"e164": "+491600000001", "type": "mobile", """
                """"region": "DE", "national": "0160 0000001"}, "encoding": "GSM-7", "segments": 1}'::jsonb"""
            ),
            "body": f"'{BODY}'::bytea",
            "content_type": "'application/x-www-form-urlencoded'",
            "query_string": "''",
            "request_id": "md5((:i)::text)",
        },
    )
    rounds = itertools.count(1)
    return lambda: transactions_a_second(
        arena.clinic.service_url, text, options.pool_size, options.seconds, {"i": 0, "round": next(rounds)}
    )
