"""Tables of the database. The cache itself lives in Redis."""

from __future__ import annotations

from caching.models.archive import ArchivedAudio as ArchivedAudio
from caching.models.audit import AuditEntry as AuditEntry
from caching.models.curated import CuratedAnswer as CuratedAnswer
from caching.models.feedback import MAX_COMMENT as MAX_COMMENT
from caching.models.feedback import BarChange as BarChange
from caching.models.feedback import Judge as Judge
from caching.models.feedback import Judgement as Judgement
from caching.models.feedback import ScopeThreshold as ScopeThreshold
from caching.models.feedback import Verdict as Verdict
from caching.models.installation import Installation as Installation
from caching.models.ledger import HITS as HITS
from caching.models.ledger import REQUESTS as REQUESTS
from caching.models.ledger import Call as Call
from caching.models.ledger import Dimensions as Dimensions
from caching.models.ledger import EntryHits as EntryHits
from caching.models.ledger import ErrorCount as ErrorCount
from caching.models.ledger import HourlyUsage as HourlyUsage
from caching.models.ledger import MinuteUsage as MinuteUsage
from caching.models.ledger import Outcome as Outcome
from caching.models.ledger import Price as Price
from caching.models.ledger import Unit as Unit
from caching.models.ledger import Units as Units
from caching.models.ledger import UsageTotals as UsageTotals
from caching.models.ledger import fits_model as fits_model
from caching.models.rules import AppliesTo as AppliesTo
from caching.models.rules import CacheRule as CacheRule
from caching.models.rules import QuestionKind as QuestionKind
from caching.models.rules import TextMatch as TextMatch
from caching.models.sums import SummedDay as SummedDay
from caching.models.sums import SummedUsage as SummedUsage
