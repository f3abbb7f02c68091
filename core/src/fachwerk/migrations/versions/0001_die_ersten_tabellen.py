"""Die ersten Tabellen

Revision: 0001, after None
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the step."""
    op.create_table(
        "ereignis",
        sa.Column("kette", sa.String(length=64), nullable=False, comment="vorgang id, or 'betrieb'"),
        sa.Column("nr", sa.Integer(), nullable=False),
        sa.Column("zeit", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wer", sa.String(length=200), nullable=False),
        sa.Column("was", sa.String(length=200), nullable=False),
        sa.Column("code", sa.String(length=200), nullable=False),
        sa.Column("grund", sa.String(length=64), nullable=True, comment="Teil with a person's free text"),
        sa.Column(
            "siegel", sa.String(length=64), nullable=False, comment="HMAC-SHA-256 over this line and the previous seal"
        ),
        sa.PrimaryKeyConstraint("kette", "nr", name=op.f("pk_ereignis")),
    )
    op.create_table(
        "fallschluessel",
        sa.Column("vorgang_id", sa.String(length=64), nullable=False),
        sa.Column("schluessel", sa.LargeBinary(), nullable=False, comment="case key, wrapped by the site key"),
        sa.Column("angelegt", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("vorgang_id", name=op.f("pk_fallschluessel")),
    )
    op.create_table(
        "kanal_lauf",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("kanal", sa.String(length=200), nullable=False),
        sa.Column("beginn", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ende", sa.DateTime(timezone=True), nullable=True),
        sa.Column("neu", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=200), nullable=False, comment="empty: went well"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kanal_lauf")),
    )
    op.create_index("ix_kanal_lauf_kanal_beginn", "kanal_lauf", ["kanal", "beginn"], unique=False)
    op.create_table(
        "knoten",
        sa.Column("platz", sa.String(length=200), nullable=False),
        sa.Column("prozess", sa.String(length=64), nullable=False),
        sa.Column("gestartet", sa.DateTime(timezone=True), nullable=False),
        sa.Column("herzschlag", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("platz", name=op.f("pk_knoten")),
    )
    op.create_table(
        "teil",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("vorgang_id", sa.String(length=64), nullable=False),
        sa.Column("laenge", sa.Integer(), nullable=True, comment="bytes; empty while the part is still being written"),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("stuecke", sa.Integer(), nullable=False),
        sa.Column("beansprucht", sa.Boolean(), nullable=False, comment="claimed by a commit of the line"),
        sa.Column("angelegt", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_teil")),
    )
    op.create_index(op.f("ix_teil_vorgang_id"), "teil", ["vorgang_id"], unique=False)
    op.create_table(
        "vorgang",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("kanal", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("grund", sa.String(length=200), nullable=False, comment="code of the reason for held or waiting"),
        sa.Column("hinweis", sa.Text(), nullable=False, comment="what a person has to do; no personal data"),
        sa.Column("gehalten_fuer", sa.String(length=20), nullable=False),
        sa.Column("wartet_bis", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leistung", sa.String(length=200), nullable=False),
        sa.Column("leika", sa.String(length=32), nullable=False),
        sa.Column("land", sa.String(length=2), nullable=False),
        sa.Column("empfehlung", sa.String(length=20), nullable=False),
        sa.Column("fassung", sa.Integer(), nullable=False),
        sa.Column("lauf", sa.Integer(), nullable=False, comment="branch of the journal; a retry begins a new one"),
        sa.Column("leser", sa.String(length=200), nullable=False),
        sa.Column("nachrichten_uuid", sa.String(length=200), nullable=False),
        sa.Column("inhalt_sha256", sa.String(length=64), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("doppelt_zu", sa.String(length=64), nullable=False),
        sa.Column("angelegt", sa.DateTime(timezone=True), nullable=False),
        sa.Column("geaendert", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vorgang")),
    )
    op.create_index("ix_vorgang_angelegt", "vorgang", ["angelegt"], unique=False)
    op.create_index("ix_vorgang_status_geaendert", "vorgang", ["status", "geaendert"], unique=False)
    op.create_table(
        "zielstand",
        sa.Column("ziel", sa.String(length=200), nullable=False),
        sa.Column("fehler_in_folge", sa.Integer(), nullable=False),
        sa.Column("offen_bis", sa.DateTime(timezone=True), nullable=True, comment="circuit open until then"),
        sa.PrimaryKeyConstraint("ziel", name=op.f("pk_zielstand")),
    )
    op.create_table(
        "eingang",
        sa.Column("vorgang_id", sa.String(length=64), nullable=False),
        sa.Column("kanal", sa.String(length=200), nullable=False),
        sa.Column("nachricht_id", sa.String(length=300), nullable=False),
        sa.Column("abweichung", sa.Integer(), nullable=False, comment="0; n: same id came again with other content"),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("empfangen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("zugestellt", sa.DateTime(timezone=True), nullable=True),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column(
            "bestaetigt", sa.DateTime(timezone=True), nullable=True, comment="when the mailbox was told (XTA close)"
        ),
        sa.ForeignKeyConstraint(["vorgang_id"], ["vorgang.id"], name=op.f("fk_eingang_vorgang_id")),
        sa.PrimaryKeyConstraint("vorgang_id", name=op.f("pk_eingang")),
        sa.UniqueConstraint(
            "kanal", "nachricht_id", "abweichung", name=op.f("uq_eingang_kanal_nachricht_id_abweichung")
        ),
    )
    op.create_table(
        "erstnachricht",
        sa.Column("leser", sa.String(length=200), nullable=False),
        sa.Column("nachrichten_uuid", sa.String(length=200), nullable=False),
        sa.Column("vorgang_id", sa.String(length=64), nullable=False),
        sa.Column("inhalt_sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["vorgang_id"], ["vorgang.id"], name=op.f("fk_erstnachricht_vorgang_id")),
        sa.PrimaryKeyConstraint("leser", "nachrichten_uuid", name=op.f("pk_erstnachricht")),
    )
    op.create_table(
        "inhalt",
        sa.Column("teil_id", sa.String(length=64), nullable=False),
        sa.Column("nr", sa.Integer(), nullable=False),
        sa.Column("daten", sa.LargeBinary(), nullable=False, comment="nonce and AES-256-GCM of at most 1 MiB"),
        sa.ForeignKeyConstraint(["teil_id"], ["teil.id"], name=op.f("fk_inhalt_teil_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("teil_id", "nr", name=op.f("pk_inhalt")),
    )
    op.create_table(
        "quittung",
        sa.Column("vorgang_id", sa.String(length=64), nullable=False),
        sa.Column("ziel", sa.String(length=200), nullable=False),
        sa.Column("fassung", sa.Integer(), nullable=False),
        sa.Column("stufe", sa.String(length=24), nullable=False),
        sa.Column("kennung", sa.String(length=300), nullable=False),
        sa.Column("zeit", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["vorgang_id"], ["vorgang.id"], name=op.f("fk_quittung_vorgang_id")),
        sa.PrimaryKeyConstraint("vorgang_id", "ziel", "fassung", "stufe", name=op.f("pk_quittung")),
    )
    op.create_table(
        "schritt",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("vorgang_id", sa.String(length=64), nullable=False),
        sa.Column("lauf", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("ziel", sa.String(length=200), nullable=False),
        sa.Column("versuch", sa.Integer(), nullable=False),
        sa.Column("plugin", sa.String(length=200), nullable=False),
        sa.Column("plugin_version", sa.String(length=200), nullable=False),
        sa.Column("code", sa.String(length=200), nullable=False, comment="empty: done; else the code of the error"),
        sa.Column("ausgabe", sa.String(length=64), nullable=True, comment="Teil with the value as JSON"),
        sa.Column("beginn", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ende", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["vorgang_id"], ["vorgang.id"], name=op.f("fk_schritt_vorgang_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schritt")),
        sa.UniqueConstraint(
            "vorgang_id", "lauf", "name", "ziel", "versuch", name=op.f("uq_schritt_vorgang_id_lauf_name_ziel_versuch")
        ),
    )
    op.create_index(op.f("ix_schritt_vorgang_id"), "schritt", ["vorgang_id"], unique=False)
    op.create_table(
        "zustellung",
        sa.Column("vorgang_id", sa.String(length=64), nullable=False),
        sa.Column("ziel", sa.String(length=200), nullable=False),
        sa.Column("fassung", sa.Integer(), nullable=False),
        sa.Column("plugin", sa.String(length=200), nullable=False),
        sa.Column(
            "status", sa.String(length=16), nullable=False, comment="offen, absicht, wartet, gehalten, zugestellt"
        ),
        sa.Column("versuch", sa.Integer(), nullable=False),
        sa.Column(
            "absicht_von", sa.String(length=200), nullable=False, comment="process that announced the running attempt"
        ),
        sa.Column("sendung", sa.String(length=64), nullable=False, comment="Teil with the rendered Sendung as JSON"),
        sa.Column("seit", sa.DateTime(timezone=True), nullable=False),
        sa.Column("naechster", sa.DateTime(timezone=True), nullable=True),
        sa.Column("code", sa.String(length=200), nullable=False),
        sa.Column("hinweis", sa.Text(), nullable=False),
        sa.Column("gehalten_fuer", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(["vorgang_id"], ["vorgang.id"], name=op.f("fk_zustellung_vorgang_id")),
        sa.PrimaryKeyConstraint("vorgang_id", "ziel", "fassung", name=op.f("pk_zustellung")),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE inhalt ALTER COLUMN daten SET STORAGE EXTERNAL")  # encrypted: compressing is wasted
