"""A printed record with a signature in it: PAdES (ETSI EN 319 142-1), over the whole file.

It says who made the file and that nobody changed it since; the people who signed the batch are
named inside. Every PDF reader shows it.
"""

from __future__ import annotations

import io
from functools import cache
from typing import Any

from audit.keys import paper_key

# Room for the certificate and the signature; measured once, it would be signed twice.
RESERVED = 6144


@cache
def _signer(key: bytes, certificate: bytes) -> Any:
    from asn1crypto.keys import PrivateKeyInfo
    from asn1crypto.x509 import Certificate
    from pyhanko.sign.signers import SimpleSigner
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    return SimpleSigner(
        signing_cert=Certificate.load(certificate),
        signing_key=PrivateKeyInfo.load(key),
        cert_registry=SimpleCertificateStore(),  # type: ignore[no-untyped-call]  # theirs
    )


def signed(pdf: bytes, *, reason: str = "Printed from the electronic record") -> bytes:
    """Return a PDF with the house's signature; any later change of it shows."""
    # Half a second of imports, for those who print only.
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
    from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner

    meaning = PdfSignatureMetadata(
        field_name="Record",
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
        reason=reason,
    )
    made = io.BytesIO()
    PdfSigner(meaning, signer=_signer(*paper_key())).sign_pdf(
        IncrementalPdfFileWriter(io.BytesIO(pdf)), output=made, bytes_reserved=RESERVED
    )
    return made.getvalue()
