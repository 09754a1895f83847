"""The home page as HTML: small, without scripts, with nothing from elsewhere."""

from datetime import date
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Response

from dcms.home.structs import ChartWidget, DayLoad, Home, NumbersWidget, Visit, VisitsWidget, Widget

FOLDER = Path(__file__).parent / "templates"
# no script at all, styles from here, forms to here
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
STATES = {"booked": "booked", "confirmed": "confirmed", "came": "is here", "finished": "done"}

_templates = Environment(
    loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


def page(template: str, status: int = 200, **values: Any) -> Response[str]:
    """An HTML page."""
    return Response(
        _templates.get_template(template).render(values),
        status_code=status,
        media_type="text/html",
        headers={"Content-Security-Policy": POLICY},
    )


def style() -> Response[str]:
    """The pages' style sheet."""
    return Response(
        (FOLDER / "home.css").read_text(),
        media_type="text/css",
        headers={"Cache-Control": "max-age=3600"},
    )


def login_page(
    clinic_name: str, username: str = "", who: str = "staff", fault: str | None = None, status: int = 200
) -> Response[str]:
    """The form to log in, with the last try's name and what was wrong with it."""
    return page("login.html", status, clinic_name=clinic_name, username=username, who=who, fault=fault)


def home_page(home: Home, clinic_name: str, today: date) -> Response[str]:
    """The home page, with what the template shows worked out."""
    return page(
        "home.html", clinic_name=clinic_name, home=home, widgets=[_shown(widget, today) for widget in home.widgets]
    )


def _shown(widget: Widget, today: date) -> dict[str, Any]:
    shown: dict[str, Any] = {"kind": widget.__struct_config__.tag, "title": widget.title}
    match widget:
        case NumbersWidget():
            shown["numbers"] = widget.numbers
        case ChartWidget():
            most = max((day.booked_minutes for day in widget.days), default=0) or 1
            shown["days"] = [_bar(day, most, today) for day in widget.days]
        case VisitsWidget():
            shown["empty"] = widget.empty
            shown["visits"] = [_line(visit, today) for visit in widget.visits]
    return shown


def _bar(day: DayLoad, most: int, today: date) -> dict[str, Any]:
    return {
        "name": f"{day.day:%a} {day.day.day} {day.day:%b}",
        "is_today": day.day == today,
        "percent": round(100 * day.booked_minutes / most),
        "text": f"{day.booked_minutes // 60} h {day.booked_minutes % 60:02d}",
    }


def _line(visit: Visit, today: date) -> dict[str, Any]:
    starts_at = visit.starts_at
    is_today = starts_at.date() == today
    return {
        "starts_at": starts_at,
        "when": f"{starts_at:%H:%M}" if is_today else f"{starts_at.day} {starts_at:%b}",
        "who": visit.patient_name,
        "state": STATES[visit.status],
        "status": visit.status,
        "color": visit.color,
        "where": " · ".join(
            part
            for part in (
                "" if is_today else f"{starts_at:%A} {starts_at:%H:%M}",
                visit.doctor_name,
                visit.chair_name or "",
                f"waiting since {visit.checked_in_at:%H:%M}" if visit.status == "came" and visit.checked_in_at else "",
            )
            if part
        ),
    }
