"""A cursor that holds no more than the row it is at, as PyMySQL's does, and can be closed when its connection broke."""

from typing import Any

from pymysql.cursors import SSCursor


class StreamingCursor(SSCursor):
    """PyMySQL's own would go on reading the rest of an answer from a connection that is no more."""

    def close(self) -> None:
        connection: Any = self.connection
        result: Any = getattr(self, "_result", None)
        if connection is not None and not connection.open and result is not None:
            result.unbuffered_active = False
        super().close()

    __del__ = close
