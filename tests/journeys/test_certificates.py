"""A certificate is renewed while workers run, an adviser is named in what is sent, a broken chain is told."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser

from common.admin import change_url
from tests.journeys.house import House, Shops
from tests.journeys.test_the_aeat_fails import BACK_OFF
from tests.world import sale
from verifactu.models import ChainProblem, Installation, Submission, Taxpayer
from workflows.models import Alert


def browser() -> Browser:
    client = Browser()
    client.force_login(User.objects.filter(username="eva").first() or User.objects.create_superuser("eva"))
    return client


def upload(data: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("certificado.p12", data)


def refused(house: House, shops: Shops) -> None:
    """Wait until the AEAT has refused the certificate."""
    house.until(lambda: Submission.objects.filter(installation=shops.installation, failures__gt=0).exists())


def test_a_renewed_certificate_is_used_at_once_by_the_workers_that_run(house: House) -> None:
    shops = house.company()
    taxpayer, nif = shops.company.taxpayer, shops.company.taxpayer.nif
    authority, ends = house.simulator.authority, datetime.now(UTC) - timedelta(hours=1)
    old = authority.client_certificate(nif, "La Encina", password="vieja", begins=ends - timedelta(days=365), ends=ends)
    taxpayer.certificate, taxpayer.certificate_password = old, "vieja"
    taxpayer.save()
    workers = dict(house.supervisor.pids())
    house.post(shops["shopify"], sale(number=1))
    refused(house, shops)
    last = Submission.objects.filter(installation=shops.installation).latest("id")
    assert "no acepta el certificado" in last.reason
    assert shops.states() == ["pending"]

    new = authority.client_certificate(nif, "La Encina", password="nueva")
    answer = browser().post(
        change_url(taxpayer),
        {
            "name": taxpayer.name,
            "acts_as": "own",
            "certificate_file": upload(new),
            "certificate_secret": "nueva",
        },
    )
    assert answer.status_code == 302
    house.pass_time(BACK_OFF)
    house.settled()
    assert shops.states() == ["accepted"]
    assert house.supervisor.pids() == workers  # nobody was started anew
    told = "".join(file.read_text() for file in Path(house.folder / "logs").iterdir())
    for secret in ("vieja", "nueva", "PRIVATE KEY"):
        assert secret not in told


def test_the_adviser_who_makes_the_records_is_named_in_every_submission(house: House) -> None:
    shops = house.company()
    taxpayer = shops.company.taxpayer
    given = {"name": taxpayer.name, "representante_name": "Asesoría Ruiz", "representante_nif": "89890002-e"}
    assert browser().post(change_url(taxpayer), given | {"representante_nif": ""}).status_code == 200
    assert browser().post(change_url(taxpayer), given).status_code == 302
    house.post(shops["shopify"], sale(number=1))
    house.settled()
    assert shops.states() == ["accepted"]
    (sent,) = house.requests_received(shops)
    request = sent["request"]
    text = request.decode() if isinstance(request, bytes) else request
    header = text.partition("<sum:RegistroFactura")[0].partition("RegistroAlta")[0]
    assert "Asesoría Ruiz" in header
    assert "89890002E" in header


def test_a_colaborador_social_sends_once_the_aeat_knows_the_power(house: House) -> None:
    shops = house.company()
    taxpayer = shops.company.taxpayer
    adviser = house.simulator.authority.client_certificate("89890002E", "Ruiz Pons", password="asesor")
    given = {"name": taxpayer.name, "certificate_secret": "asesor"}
    told = browser().post(change_url(taxpayer), given | {"certificate_file": upload(adviser)})
    assert "actúa en nombre de 89890002E" in told.content.decode()
    said = given | {"certificate_file": upload(adviser), "acts_as": "collaborator"}
    assert browser().post(change_url(taxpayer), said).status_code == 302
    house.post(shops["shopify"], sale(number=1))
    refused(house, shops)
    assert "4112" in Submission.objects.filter(installation=shops.installation).latest("id").reason
    (house.folder / "powers").write_text(f"89890002E {taxpayer.nif}\n")
    house.pass_time(BACK_OFF)
    house.settled()
    assert shops.states() == ["accepted"]


def test_a_chain_found_broken_is_told_until_it_is_found_whole(house: House) -> None:
    shops = house.company()
    house.post(shops["shopify"], sale(number=1))
    house.settled()
    chain = shops.installation
    whole = chain.head_huella
    Installation.objects.filter(pk=chain.pk).update(head_huella="0" * 64)
    assert house.verify()
    problem = ChainProblem.objects.get(installation=chain)
    assert problem.text == "the head is not the last record"
    assert house.verify()
    assert Alert.objects.filter(kind="chain", tenant=shops.company.tenant).count() == 1
    Installation.objects.filter(pk=chain.pk).update(head_huella=whole)
    assert house.verify() == []
    assert not ChainProblem.objects.exists()
    assert Taxpayer.objects.filter(pk=shops.company.taxpayer.pk).exists()
