"""The first tables."""

import sqlalchemy as sa
from alembic import op

__all__ = ["downgrade", "upgrade"]

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make them."""
    _make_stimuli()
    _make_study()
    _make_observers()
    _make_trials()


def downgrade() -> None:
    """Drop them, and all that is in them."""
    for table in (
        "response",
        "trial",
        "session",
        "observer",
        "attempt",
        "event",
        "stimulus",
        "picture",
        "study",
    ):
        op.drop_table(table)


def _make_stimuli() -> None:
    op.create_table(
        "picture",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("width", _NUMBER, nullable=False),
        sa.Column("height", _NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_table(
        "stimulus",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("group", sa.Text(), nullable=False),
        sa.Column("subset", sa.Text(), nullable=True),
        sa.Column("reference", sa.String(length=64), nullable=True),
        sa.Column("p0", sa.String(length=64), nullable=False),
        sa.Column("p1", sa.String(length=64), nullable=False),
        sa.Column("condition0", sa.Text(), nullable=True),
        sa.Column("condition1", sa.Text(), nullable=True),
        sa.Column("strength", sa.Float(), nullable=True),
        sa.Column("expected", sa.String(length=20), nullable=True),
        sa.ForeignKeyConstraint(["p0"], ["picture.digest"]),
        sa.ForeignKeyConstraint(["p1"], ["picture.digest"]),
        sa.ForeignKeyConstraint(["reference"], ["picture.digest"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
    )
    op.create_index("ix_stimulus_purpose", "stimulus", ["purpose"], unique=False)


def _make_study() -> None:
    op.create_table(
        "study",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("uuid", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("created", _NUMBER, nullable=False),
        sa.Column("design", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "event",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("at", _NUMBER, nullable=False),
        sa.Column("who", sa.String(length=20), nullable=False),
        sa.Column("what", sa.String(length=40), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "attempt",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("at", _NUMBER, nullable=False),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("client", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_attempt_at", "attempt", ["at"], unique=False)


def _make_observers() -> None:
    op.create_table(
        "observer",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("step", sa.String(length=20), nullable=False),
        sa.Column("seed", _NUMBER, nullable=False),
        sa.Column("created", _NUMBER, nullable=False),
        sa.Column("seen", _NUMBER, nullable=False),
        sa.Column("consent_version", sa.String(length=40), nullable=True),
        sa.Column("consented", _NUMBER, nullable=True),
        sa.Column("demographics", sa.JSON(), nullable=True),
        sa.Column("screen", sa.JSON(), nullable=True),
        sa.Column("failed", sa.Text(), nullable=True),
        sa.Column("excluded", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("code"),
        sa.UniqueConstraint("name"),
    )
    op.create_table(
        "session",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("observer_id", _NUMBER, nullable=False),
        sa.Column("number", _NUMBER, nullable=False),
        sa.Column("begun", _NUMBER, nullable=False),
        sa.Column("done", _NUMBER, nullable=True),
        sa.Column("leased", _NUMBER, nullable=False),
        sa.Column("rested", _NUMBER, nullable=False),
        sa.ForeignKeyConstraint(["observer_id"], ["observer.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("observer_id", "number"),
    )


def _make_trials() -> None:
    op.create_table(
        "trial",
        sa.Column("id", _NUMBER, nullable=False),
        sa.Column("session_id", _NUMBER, nullable=False),
        sa.Column("position", _NUMBER, nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("stimulus_id", _NUMBER, nullable=True),
        sa.Column("repeats_id", _NUMBER, nullable=True),
        sa.Column("swapped", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("requeued", _NUMBER, nullable=False),
        sa.Column("shown", _NUMBER, nullable=True),
        sa.ForeignKeyConstraint(["repeats_id"], ["trial.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["stimulus_id"], ["stimulus.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("session_id", "position"),
    )
    op.create_index("ix_trial_stimulus_state", "trial", ["stimulus_id", "state"], unique=False)
    op.create_table(
        "response",
        sa.Column("trial_id", _NUMBER, nullable=False),
        sa.Column("answer", sa.String(length=20), nullable=False),
        sa.Column("milliseconds", sa.Float(), nullable=False),
        sa.Column("implausible", sa.Boolean(), nullable=False),
        sa.Column("timing", sa.JSON(), nullable=True),
        sa.Column("received", _NUMBER, nullable=False),
        sa.ForeignKeyConstraint(["trial_id"], ["trial.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("trial_id"),
    )
