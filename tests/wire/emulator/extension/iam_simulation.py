"""iam:SimulatePrincipalPolicy over a role's inline policies: actions, `*` as the resource, and the conditions that
can be judged by the given context. A condition on anything else does not hold."""

import fnmatch
import json
from urllib.parse import unquote

from moto.core.responses import ActionResult
from moto.iam.models import iam_backends
from moto.iam.responses import IamResponse

from .errors import ApiError


def listed(value):
    return value if isinstance(value, list) else [value]


def matches(text, patterns, fold=False):
    """Whether one of the patterns fits; actions are compared without regard to case."""
    lower = str.lower if fold else str
    return any(fnmatch.fnmatchcase(lower(text), lower(one)) for one in patterns)


def holds(conditions, context):
    """Whether all conditions hold for the values of a call."""
    for operator, keys in conditions.items():
        for key, wanted in keys.items():
            values = context.get(key)
            if operator == "Null":
                met = (values is None) == (str(listed(wanted)[0]).lower() == "true")
            elif values is None:
                met = operator.startswith("ForAllValues:")
            else:
                met = all(matches(value, listed(wanted)) for value in values)
            if not met:
                return False
    return True


def _applies(statement, action, context):
    named = matches(action, listed(statement["Action"]), fold=True)
    anywhere = "NotResource" in statement or "*" in listed(statement.get("Resource", []))
    return named and anywhere and holds(statement.get("Condition", {}), context)


def _statements(self, arn):
    roles = iam_backends[self.current_account][self.partition].roles.values()
    role = next((role for role in roles if role.arn == arn), None)
    if role is None:
        raise ApiError("NoSuchEntity", f"{arn} cannot be found.")
    documents = role.policies.values()
    return [one for text in documents for one in listed(json.loads(unquote(text))["Statement"])]


def simulate_principal_policy(self):
    statements = _statements(self, self._get_param("PolicySourceArn"))
    context = {
        entry["ContextKeyName"]: entry["ContextKeyValues"] for entry in self._get_param("ContextEntries") or []
    }
    results = []
    for action in self._get_param("ActionNames"):
        effects = {one["Effect"] for one in statements if _applies(one, action, context)}
        decision = "explicitDeny" if "Deny" in effects else "allowed" if "Allow" in effects else "implicitDeny"
        results.append({"EvalActionName": action, "EvalResourceName": "*", "EvalDecision": decision})
    return ActionResult({"EvaluationResults": results, "IsTruncated": False})


def install():
    IamResponse.simulate_principal_policy = simulate_principal_policy
