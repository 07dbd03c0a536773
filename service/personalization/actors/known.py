"""Whether anything is known of an actor."""

from service.items import Items
from service.personalization.history.layout import Head, scan_events
from service.personalization.preferences.rules import stored_preferences
from service.personalization.profile import PROFILE_KEY


def is_known(items: Items) -> bool:
    """Return whether there is a profile, a preference or an event; what is hidden and not yet deleted is nothing."""
    if items.get(PROFILE_KEY) is not None or stored_preferences(items):
        return True
    head = Head.of(items)
    return bool(scan_events(items, head, head.floor, head.last + 1, 1))
