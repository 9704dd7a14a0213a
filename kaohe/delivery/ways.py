"""The ways by which parcels go: the mail server and the robots that a delivery file names."""

from collections.abc import Iterator, Sequence

from kaohe.delivery.channels import Channel
from kaohe.delivery.config import Mail, Webhook
from kaohe.delivery.letters import Correspondence
from kaohe.delivery.mail import Mailer
from kaohe.delivery.parcels import MAIL, WEBHOOK, Parcel
from kaohe.secrets import Secrets


def ways(
    mail: Mail | None, hooks: Sequence[Webhook], due: list[Parcel], letters: Correspondence
) -> Iterator[tuple[Channel, list[Parcel]]]:
    """Each channel that has something to do, and what."""
    secrets = Secrets()
    if mail and (mails := [parcel for parcel in due if parcel.channel == MAIL]):
        yield Mailer(mail, letters, secrets), mails
    for hook in hooks:
        if notes := [parcel for parcel in due if parcel.channel == WEBHOOK and parcel.recipient == hook.name]:
            from kaohe.delivery.webhook import Robot  # brings in httpx

            yield Robot(hook, letters, secrets), notes
