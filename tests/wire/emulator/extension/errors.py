"""Service errors of the extension."""

from moto.core.exceptions import ServiceException


class ApiError(ServiceException):
    """An error with a code of the service that is being called."""
