"""ssm:StartSession and TerminateSession, as far as the API goes: no channel is opened."""

import secrets

from moto.core.responses import ActionResult
from moto.ssm.responses import SimpleSystemManagerResponse

from . import ssm_nodes
from .caller import user_identity
from .errors import ApiError


def start_session(self):
    target = self._get_param("Target")
    if target not in ssm_nodes.nodes(self.current_account, self.region):
        raise ApiError("TargetNotConnected", f"{target} is not connected.")
    name = user_identity(self)["arn"].rsplit("/", 1)[-1].rsplit(":", 1)[-1]
    session = f"{name}-{secrets.token_hex(9)}"
    stream = f"wss://ssmmessages.{self.region}.amazonaws.com/v1/data-channel/{session}?role=publish_subscribe"
    return ActionResult({"SessionId": session, "TokenValue": secrets.token_urlsafe(48), "StreamUrl": stream})


def terminate_session(self):
    return ActionResult({"SessionId": self._get_param("SessionId")})


def install():
    SimpleSystemManagerResponse.start_session = start_session
    SimpleSystemManagerResponse.terminate_session = terminate_session
