"""All specimens, in the order in which reports list them."""

from __future__ import annotations

import planted.templating  # noqa: F401 - adds its defects to the shop
from planted.booking import BOOKING
from planted.converter import CANCELLING, CONVERTER, THOUSANDS
from planted.customers import MAILING, PAYMENTS
from planted.faq import FAQ, INVOICES, PORTAL
from planted.obedience import ASSISTANT, GUARD
from planted.shop import SHOP
from planted.specimen import Specimen

SHOPS = (SHOP, BOOKING, CANCELLING, MAILING, PAYMENTS)
TOOLS = (CONVERTER, THOUSANDS, FAQ, PORTAL, INVOICES)
ASSISTANTS = (ASSISTANT, GUARD)
FAMILIES = (*SHOPS, *TOOLS, *ASSISTANTS)

TEXT: tuple[Specimen, ...] = tuple(specimen for family in FAMILIES for specimen in family.specimens)
DEFECTIVE = tuple(specimen for specimen in TEXT if specimen.defect)
CORRECT = tuple(specimen for specimen in TEXT if not specimen.defect)
