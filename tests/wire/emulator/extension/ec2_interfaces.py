"""ModifyNetworkInterfaceAttribute(attachment, connectionTrackingSpecification), and AssignPrivateIpAddresses
that takes an address from another interface."""

from moto.core.responses import ActionResult
from moto.ec2.responses import EC2Response

from .errors import ApiError

_LIMITS = {"TcpEstablishedTimeout": (60, 432000), "UdpStreamTimeout": (60, 180), "UdpTimeout": (30, 60)}


def _track(interface, wanted):
    set_to = {name: int(value) for name, value in wanted.items()}
    for name, value in set_to.items():
        low, high = _LIMITS[name]
        if not low <= value <= high:
            raise ApiError("InvalidParameterValue", f"{name} must be from {low} to {high}")
    interface.connection_tracking_configuration = set_to


def install():
    modified = EC2Response.modify_network_interface_attribute
    assigned = EC2Response.assign_private_ip_addresses

    def modify(self):
        answer = modified(self)
        interface = self.ec2_backend.get_network_interface(self._get_param("NetworkInterfaceId"))
        attachment = self._get_param("Attachment")
        if attachment:
            if attachment["AttachmentId"] != interface.attachment_id:
                raise ApiError("InvalidAttachmentID.NotFound", "The attachment does not exist")
            interface.delete_on_termination = attachment["DeleteOnTermination"]
        tracking = self._get_param("ConnectionTrackingSpecification")
        if tracking:
            _track(interface, tracking)
        return answer

    def assign(self):
        wanted = self._get_param("PrivateIpAddresses", [])
        target = self._get_param("NetworkInterfaceId")
        for interface in self.ec2_backend.enis.values():
            held = [one for one in interface.private_ip_addresses if one.get("PrivateIpAddress") in wanted]
            if interface.id == target or not held:
                continue
            if not self._get_bool_param("AllowReassignment", False) or any(one.get("Primary") for one in held):
                raise ApiError("InvalidParameterValue", "The address is in use")
            interface.private_ip_addresses = [one for one in interface.private_ip_addresses if one not in held]
        assigned(self)
        return ActionResult({"NetworkInterfaceId": target})

    EC2Response.modify_network_interface_attribute = modify
    EC2Response.assign_private_ip_addresses = assign
