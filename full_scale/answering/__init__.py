"""Several verified answers a prompt, by a model of this machine or an endpoint; what is paid for is never lost.

``collect(answerer, prompts, totals, journal)`` asks for the answers that the journal does not hold yet, checks each by
the prompt's own check, and writes every batch down before the next counts. The same call goes on after a kill, and one
with larger totals tops up.
"""

from __future__ import annotations

from full_scale.answering.collecting import AnsweringStopped, collect
from full_scale.answering.endpoint import Endpoint
from full_scale.answering.images import model_answerer
from full_scale.answering.journal import Journal
from full_scale.answering.local import LocalModel
from full_scale.answering.records import Answerer, Answers, Batch, Ledger, Question, Reply

__all__ = [
    "Answerer",
    "AnsweringStopped",
    "Answers",
    "Batch",
    "Endpoint",
    "Journal",
    "Ledger",
    "LocalModel",
    "Question",
    "Reply",
    "collect",
    "model_answerer",
]
