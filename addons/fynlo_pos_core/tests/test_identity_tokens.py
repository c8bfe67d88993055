"""Access and refresh tokens: attacks, rotation, revocation."""

import base64
import json
import time
from datetime import timedelta
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from odoo.tests import tagged

from ..models.identity import refresh_token as refresh_token_file
from ..tools import access_token, secret_hash, signing_keys
from ..tools.clock import now
from ..tools.identifiers import uuid7
from ..tools.settings import settings
from .common import ApiCase


def segment(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@tagged("post_install", "-at_install")
class TestAccessTokenAttacks(ApiCase):
    def setUp(self):
        super().setUp()
        self.token = self.sign_in("cashier")
        self.claims = access_token.read(self.token)
        self.kid, self.key = signing_keys.ring().signer

    def forge(self, claims=None, *, key=None, algorithm="EdDSA", kid=None, **headers):
        """A token of our claims with some changed; a change to ``None`` removes the claim."""
        payload = {**self.claims, "aud": [access_token.API, access_token.WEBSOCKET], **(claims or {})}
        payload = {name: value for name, value in payload.items() if value is not None}
        headers = {"kid": kid or self.kid, **headers}
        return jwt.encode(payload, key or self.key, algorithm=algorithm, headers=headers)

    def assertRefused(self, token, code="token_invalid"):
        response = self.api("GET", "/auth/me", token=token)
        self.assertProblem(response, code, 401)
        self.assertIn(f'"{code}"', response.headers["WWW-Authenticate"])

    def test_a_genuine_token_works(self):
        self.assertEqual(self.api("GET", "/auth/me", token=self.token).status_code, 200)
        self.assertEqual(self.api("GET", "/auth/me", token=self.forge()).status_code, 200)

    def test_algorithm_none(self):
        for name in ("none", "None", "NONE", ""):
            with self.subTest(name):
                head = segment({"alg": name, "typ": "JWT", "kid": self.kid})
                self.assertRefused(f"{head}.{self.token.split('.')[1]}.")
                self.assertRefused(f"{head}.{self.token.split('.')[1]}.{self.token.split('.')[2]}")

    def test_public_key_as_hmac_secret(self):
        """The classic confusion: our public key, known to all, used as an HS256 secret."""
        public = self.key.public_key()
        raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        body = f"{segment({'alg': 'HS256', 'typ': 'JWT', 'kid': self.kid})}.{self.token.split('.')[1]}"
        hasher = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
        for name, secret in (("raw", raw), ("pem", pem)):
            with self.subTest(name):
                signature = base64.urlsafe_b64encode(hasher.sign(body.encode(), secret)).rstrip(b"=").decode()
                self.assertRefused(f"{body}.{signature}")

    def test_key_of_somebody_else(self):
        self.assertRefused(self.forge(key=Ed25519PrivateKey.generate()))

    def test_wrong_kid(self):
        for kid in ("unknown", "../" + self.kid, self.kid + "\0"):
            with self.subTest(kid):
                self.assertRefused(self.forge(kid=kid))
        self.assertRefused(f"{segment({'alg': 'EdDSA', 'kid': 7})}.{self.token.split('.', 1)[1]}")
        self.assertRefused(f"{segment({'alg': 'EdDSA', 'kid': ['x']})}.{self.token.split('.', 1)[1]}")
        self.assertRefused(f"{segment({'alg': 'EdDSA'})}.{self.token.split('.', 1)[1]}")

    def test_key_in_the_header_is_not_taken(self):
        other = Ed25519PrivateKey.generate()
        ring = signing_keys.KeyRing({"x": other}, {"x": other.public_key()})
        self.assertRefused(self.forge(key=other, jwk=ring.jwks()["keys"][0], jku="https://evil.example/jwks.json"))

    def test_expired(self):
        moment = int(time.time())
        self.assertRefused(self.forge({"iat": moment - 900, "exp": moment - 1}), "token_expired")
        self.assertEqual(self.api("GET", "/auth/me", token=self.forge({"exp": moment + 5})).status_code, 200)

    def test_from_the_future(self):
        moment = int(time.time())
        self.assertRefused(self.forge({"iat": moment + 60, "exp": moment + 960}))
        self.assertRefused(self.forge({"nbf": moment + 60}))

    def test_other_audience_and_issuer(self):
        for claims in ({"aud": "fynlo-ws"}, {"aud": ["somebody"]}, {"iss": "evil"}, {"aud": []}):
            with self.subTest(str(claims)):
                self.assertRefused(self.forge(claims))

    def test_every_required_claim(self):
        for name in ("iss", "sub", "jti", "iat", "exp", "sid"):
            with self.subTest(name):
                self.assertRefused(self.forge({name: None}))

    def test_tampered(self):
        head, body, signature = self.token.split(".")
        claims = jwt.decode(self.token, options={"verify_signature": False})
        self.assertRefused(f"{head}.{segment({**claims, 'role': 'owner'})}.{signature}")
        self.assertRefused(f"{head}.{body}.{signature[:-4]}AAAA")
        self.assertRefused(f"{head}.{body}.")
        self.assertRefused(f"{head}.{body}")

    def test_claims_that_do_not_fit_the_session(self):
        """Even a token signed by us says nothing that the database does not."""
        other = self.employee("owner")
        for claims in (
            {"sub": other.fynlo_uuid},
            {"location": self.other_location.fynlo_uuid},
            {"company": uuid7()},
            {"device": None},
            {"sid": uuid7()},
        ):
            with self.subTest(str(claims)):
                self.assertRefused(self.forge(claims))

    def test_a_role_in_the_token_gives_nothing(self):
        token = self.forge({"role": "owner", "perm_version": 1})
        self.assertProblem(self.api("GET", "/devices", token=token), "permission_denied", 403)

    def test_other_things_in_the_header(self):
        refresh = self.session("server")["refresh_token"]
        for value, code in (
            ("", "token_missing"),
            ("Bearer", "token_missing"),
            (f"Basic {self.token}", "token_missing"),
            (f"Device {self.device()[1]}", "token_missing"),
            ("Bearer fake-jwt-token", "token_invalid"),
            (f"Bearer {refresh}", "token_invalid"),
            (f"Bearer {self.token} {self.token}", "token_invalid"),
            ("Bearer " + "a" * 6000, "token_invalid"),
        ):
            with self.subTest(value[:30]):
                response = self.api("GET", "/auth/me", headers={"Authorization": value})
                self.assertProblem(response, code, 401)


@tagged("post_install", "-at_install")
class TestRevocation(ApiCase):
    def assertOut(self, token, code="token_invalid"):
        self.assertProblem(self.api("GET", "/auth/me", token=token), code, 401)

    def assertToldToGateways(self, answer):
        self.env.cr.flush()
        event = self.env["fynlo.outbox"].search([("resource_id", "=", answer["session_id"])])
        self.assertEqual((event.type, event.topic), ("session.revoked", f"e.{answer['employee']['id']}"))

    def test_revoked_device(self):
        device, _key = self.env["fynlo.device"]._pair_new(self.location, "Lost")
        answer = self.env["fynlo.session"]._open(self.employee("server"), self.location, device=device)
        self.assertEqual(self.api("GET", "/auth/me", token=answer["access_token"]).status_code, 200)
        device._revoke()
        self.assertOut(answer["access_token"], "device_revoked")
        refresh = self.api("POST", "/auth/refresh", {"refresh_token": answer["refresh_token"]})
        self.assertIn(refresh.json()["code"], ("device_revoked", "token_invalid"))
        event = self.env["fynlo.outbox"].search([("type", "=", "device.revoked")], limit=1)
        self.assertEqual(event.topic, f"d.{device.fynlo_uuid}")

    def test_signed_out(self):
        answer = self.session("server")
        self.assertEqual(self.api("POST", "/auth/logout", token=answer["access_token"]).json(), {})
        self.assertOut(answer["access_token"])
        refresh = self.api("POST", "/auth/refresh", {"refresh_token": answer["refresh_token"]})
        self.assertProblem(refresh, "token_invalid", 401)

    def test_archived_employee(self):
        employee = self.employee("server", name="Leaver")
        answer = self.session("server", employee=employee)
        employee.action_archive()
        self.assertOut(answer["access_token"])

    def test_employee_moved_to_another_location(self):
        employee = self.employee("server", name="Mover")
        answer = self.session("server", employee=employee)
        employee.fynlo_location_ids = self.other_location
        self.assertOut(answer["access_token"])

    def test_deactivated_user(self):
        employee = self.employee("server", name="Locked")
        answer = self.session("server", employee=employee)
        employee.user_id.active = False
        self.assertOut(answer["access_token"])
        self.assertToldToGateways(answer)

    def test_archived_location(self):
        employee = self.employee("server", name="Everywhere", location_ids=[])
        closing = self.other_location
        answer = self.env["fynlo.session"]._open(employee, closing)
        elsewhere = self.env["fynlo.session"]._open(employee, self.location)
        closing.active = False
        self.assertOut(answer["access_token"])
        self.assertToldToGateways(answer)
        self.assertEqual(self.api("GET", "/auth/me", token=elsewhere["access_token"]).status_code, 200)

    def test_role_removed(self):
        employee = self.employee("server", name="Former")
        answer = self.session("server", employee=employee)
        employee.fynlo_role = False
        self.assertOut(answer["access_token"])

    def test_session_that_is_too_old(self):
        answer = self.session("server")
        session = self.env["fynlo.session"].search([("fynlo_uuid", "=", answer["session_id"])])
        session.expires_at = now()
        self.assertOut(answer["access_token"])
        refresh = self.api("POST", "/auth/refresh", {"refresh_token": answer["refresh_token"]})
        self.assertProblem(refresh, "token_invalid", 401)

    def test_device_moved(self):
        device, _key = self.env["fynlo.device"]._pair_new(self.location, "Moving")
        employee = self.employee("server", name="Everywhere", location_ids=[])
        answer = self.env["fynlo.session"]._open(employee, self.location, device=device)
        device.config_id = self.other_location
        self.assertOut(answer["access_token"])

    def test_a_changed_role_is_in_force_with_the_next_request(self):
        employee = self.employee("manager", name="Demoted")
        token = self.session("manager", employee=employee)["access_token"]
        self.assertEqual(self.api("GET", "/devices", token=token).status_code, 200)
        employee.fynlo_role = "server"
        self.assertProblem(self.api("GET", "/devices", token=token), "permission_denied", 403)


@tagged("post_install", "-at_install")
class TestRefresh(ApiCase):
    def setUp(self):
        super().setUp()
        self.answer = self.session("server")
        self.record = self.env["fynlo.session"].search([("fynlo_uuid", "=", self.answer["session_id"])])

    def refresh(self, token):
        return self.api("POST", "/auth/refresh", {"refresh_token": token, "app_version": "2.0.0"})

    def age(self, token, seconds):
        """Let the use of ``token`` be ``seconds`` ago."""
        known = self.env["fynlo.refresh.token"].sudo().search([("token_hash", "=", secret_hash.digest(token))])
        known.used_at = now() - timedelta(seconds=seconds)

    def test_gives_the_next_pair(self):
        response = self.refresh(self.answer["refresh_token"])
        self.assertEqual(response.status_code, 200, response.text)
        following = response.json()
        self.assertNotEqual(following["refresh_token"], self.answer["refresh_token"])
        self.assertEqual(following["session_id"], self.answer["session_id"])
        self.assertEqual(self.api("GET", "/auth/me", token=following["access_token"]).status_code, 200)
        again = self.api("GET", "/auth/me", token=self.answer["access_token"])
        self.assertEqual(again.status_code, 200, "the older access token lives until its end")
        self.assertEqual(self.record.device_id.app_version, "2.0.0")

    def test_chain(self):
        token = self.answer["refresh_token"]
        seen = {token}
        for _turn in range(5):
            token = self.refresh(token).json()["refresh_token"]
            seen.add(token)
        self.assertEqual(len(seen), 6)

    def test_nothing_readable_is_stored(self):
        second = self.refresh(self.answer["refresh_token"]).json()["refresh_token"]
        self.env.cr.execute("SELECT string_agg(t::text, ' ') FROM fynlo_refresh_token t")
        stored = self.env.cr.fetchone()[0]
        for token in (self.answer["refresh_token"], second):
            self.assertNotIn(token, stored)
            self.assertIn(secret_hash.digest(token), stored)

    def test_a_lost_answer_is_given_again(self):
        first = self.refresh(self.answer["refresh_token"]).json()["refresh_token"]
        self.age(self.answer["refresh_token"], refresh_token_file.GRACE.seconds - 2)
        again = self.refresh(self.answer["refresh_token"])
        self.assertEqual(again.status_code, 200, again.text)
        self.assertEqual(again.json()["refresh_token"], first)
        tokens = self.env["fynlo.refresh.token"].sudo().search_count([("session_id", "=", self.record.id)])
        self.assertEqual(tokens, 2)

    def assertFamilyRevoked(self, response):
        self.assertProblem(response, "token_invalid", 401)
        self.assertEqual((self.record.state, self.record.reason), ("revoked", "refresh_token_replayed"))
        alert = self.env["fynlo.outbox"].search([("type", "=", "alert.raised")], limit=1)
        self.assertIn(self.record.fynlo_uuid, alert.payload)
        entry = self.env["fynlo.audit.log"].search([("action", "=", "session.replay_detected")], limit=1)
        self.assertEqual(entry.resource_id, self.record.fynlo_uuid)

    def test_replay_after_the_grace_ends_the_family(self):
        following = self.refresh(self.answer["refresh_token"]).json()
        self.age(self.answer["refresh_token"], refresh_token_file.GRACE.seconds + 1)
        self.assertFamilyRevoked(self.refresh(self.answer["refresh_token"]))
        self.assertProblem(self.api("GET", "/auth/me", token=following["access_token"]), "token_invalid", 401)
        self.assertProblem(self.refresh(following["refresh_token"]), "token_invalid", 401)

    def test_replay_once_the_successor_was_used_ends_the_family(self):
        second = self.refresh(self.answer["refresh_token"]).json()["refresh_token"]
        self.refresh(second)
        self.assertFamilyRevoked(self.refresh(self.answer["refresh_token"]))

    def test_unknown_tokens(self):
        for token in ("x" * 43, self.answer["access_token"][:150], self.answer["refresh_token"][:-1] + "_"):
            with self.subTest(token[:10]):
                self.assertProblem(self.refresh(token), "token_invalid", 401)
        self.assertEqual(self.record.state, "active")


@tagged("post_install", "-at_install")
class TestKeyRotation(ApiCase):
    def tearDown(self):
        for file in settings().keys_dir.glob("*.pem"):
            if file.stem != self.first:
                file.unlink()
        signing_keys.reset()
        super().tearDown()

    def setUp(self):
        super().setUp()
        self.first = signing_keys.ring().signer[0]

    def published(self):
        response = self.api("GET", "/.well-known/jwks.json")
        self.assertEqual(response.status_code, 200, response.text)
        return response

    def look_again(self):
        """What happens by itself when a second has passed."""
        signing_keys._state["looked"] = 0.0

    def test_nobody_is_signed_out(self):
        before = self.session("server")
        second = signing_keys.add_key(settings().keys_dir)
        self.look_again()
        self.assertEqual([key["kid"] for key in self.published().json()["keys"]], [self.first, second])
        self.assertEqual(self.api("GET", "/auth/me", token=before["access_token"]).status_code, 200)
        after = self.api("POST", "/auth/refresh", {"refresh_token": before["refresh_token"]}).json()
        self.assertEqual(jwt.get_unverified_header(after["access_token"])["kid"], second)
        self.assertEqual(self.api("GET", "/auth/me", token=after["access_token"]).status_code, 200)

    def test_a_removed_key_is_refused(self):
        before = self.session("server")
        file = settings().keys_dir / f"{self.first}.pem"
        content = file.read_bytes()
        self.addCleanup(file.write_bytes, content)
        signing_keys.add_key(settings().keys_dir)
        file.unlink()
        self.look_again()
        self.assertProblem(self.api("GET", "/auth/me", token=before["access_token"]), "token_invalid", 401)
        renewed = self.api("POST", "/auth/refresh", {"refresh_token": before["refresh_token"]})
        self.assertEqual(renewed.status_code, 200, "the sign-in itself outlives the key")

    def test_a_broken_file_does_not_stop_the_others(self):
        (settings().keys_dir / "zzz.pem").write_text("not a key")
        self.look_again()
        with self.assertLogs("odoo.addons.fynlo_pos_core.tools.signing_keys", "ERROR"):
            self.assertEqual(signing_keys.ring().signer[0], self.first)

    def test_public_keys_hold_nothing_private(self):
        response = self.published()
        self.assertEqual(response.headers["Cache-Control"], "public, max-age=60")
        self.assertEqual(response.json()["keys"][0].keys(), {"kty", "crv", "alg", "use", "kid", "x"})

    def test_key_files_are_private(self):
        kid = signing_keys.add_key(settings().keys_dir)
        self.assertEqual((settings().keys_dir / f"{kid}.pem").stat().st_mode & 0o777, 0o600)

    def test_no_key_and_no_pepper_fail_closed(self):
        folder = Path(settings().keys_dir) / "empty"
        folder.mkdir()
        self.addCleanup(folder.rmdir)
        with self.assertRaisesRegex(signing_keys.KeysMissing, "holds no Ed25519 private key"):
            signing_keys._load(folder)
        with self.assertRaisesRegex(secret_hash.PepperMissing, "FYNLO_PEPPER_FILE: cannot read"):
            secret_hash._pepper(folder / "nothing")
        short = folder / "short"
        short.write_text("too short")
        self.addCleanup(short.unlink)
        with self.assertRaisesRegex(secret_hash.PepperMissing, "fewer than 32 bytes"):
            secret_hash._pepper(short)
