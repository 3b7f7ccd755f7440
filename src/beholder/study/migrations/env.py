"""Runs migrations on the connection that `beholder.study.database.Database.upgrade` hands over."""

from alembic import context

from beholder.study.models import Base

__all__: list[str] = []

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
