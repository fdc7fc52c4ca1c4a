"""TransferQueue's key-value functions within one process, so that verl's trainer runs without a Ray cluster.

The functions and what they return are those of TransferQueue 0.1.11 (``transfer_queue/interface.py``): fields of a row
as tensors or objects, rows of unequal length as jagged nested tensors, tags that later ones are merged into.
"""

from __future__ import annotations

from typing import Any

__all__ = ["InProcessQueue"]


class InProcessQueue:
    """Holds partition -> key -> (fields, tag)."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, tuple[dict[str, Any], dict[str, Any]]]] = {}

    def kv_batch_put(
        self, keys: list[str], partition_id: str, fields: Any = None, tags: list[dict[str, Any]] | None = None
    ) -> Any:
        from transfer_queue import KVBatchMeta

        partition = self.rows.setdefault(partition_id, {})
        for key in keys:
            partition.setdefault(key, ({}, {}))
        for name in () if fields is None else fields.keys():
            for key, value in zip(keys, _one_by_one(fields.get(name)), strict=True):
                partition[key][0][name] = value
        for key, tag in zip(keys, tags or (), strict=bool(tags)):
            partition[key][1].update(tag)
        return KVBatchMeta(partition_id=partition_id, keys=list(keys), tags=[dict(partition[key][1]) for key in keys])

    def kv_put(self, key: str, partition_id: str, fields: Any = None, tag: dict[str, Any] | None = None) -> Any:
        assert fields is None, "one row at a time comes without fields here"
        return self.kv_batch_put([key], partition_id, None, None if tag is None else [tag])

    def kv_batch_get(self, keys: list[str], partition_id: str, select_fields: list[str] | None = None) -> Any:
        import torch
        from tensordict import TensorDict
        from tensordict.tensorclass import NonTensorStack

        rows = [self.rows[partition_id][key][0] for key in keys]
        data: dict[str, Any] = {}
        for name in select_fields or rows[0]:
            if not all(name in row for row in rows):
                continue
            values = [row[name] for row in rows]
            if not isinstance(values[0], torch.Tensor):
                data[name] = NonTensorStack(*values)
            elif values[0].dim():
                data[name] = torch.nested.as_nested_tensor(values, layout=torch.jagged)
            else:
                data[name] = torch.stack(values)
        return TensorDict(data, batch_size=[len(keys)])

    def kv_list(self, partition_id: str | None = None) -> dict[str, dict[str, Any]]:
        return {
            name: {key: dict(tag) for key, (_, tag) in partition.items()}
            for name, partition in self.rows.items()
            if partition_id in (None, name)
        }

    def kv_clear(self, keys: list[str] | str, partition_id: str) -> None:
        for key in [keys] if isinstance(keys, str) else keys:
            self.rows.get(partition_id, {}).pop(key, None)


def _one_by_one(values: Any) -> list[Any]:
    import torch

    if isinstance(values, torch.Tensor):
        return list(values.unbind(0))
    return [getattr(value, "data", value) if not isinstance(value, dict) else value for value in values.tolist()]
