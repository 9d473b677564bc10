"""An Elastic IP that is associated with an interface belongs to the interface's instance, and leaves the one
before."""

from moto.ec2.models.elastic_ip_addresses import ElasticAddressBackend as Backend


def install():
    original = Backend.associate_address

    def associate(self, instance=None, eni=None, address=None, allocation_id=None, reassociate=False):
        known = self.address_by_allocation([allocation_id])[0] if allocation_id else self.address_by_ip([address])[0]
        before = known.eni
        eip = original(self, instance, eni, address, allocation_id, reassociate)
        if before is not None and before is not eip.eni:
            before.public_ip = None
        eip.instance = eip.eni.instance if eip.eni else instance
        return eip

    Backend.associate_address = associate
