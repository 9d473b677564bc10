# Parameters of packs, given as data: what the fleet says, else the account, else all, else the pack's default.
package cattleguard.lib.parameters

default given := {}

given := data.parameters

default fleet := ""

fleet := input.fleet.name

default account := ""

account := input.account.id

value(pack, _, otherwise) := otherwise if not given[pack]

value(pack, name, otherwise) := object.get(
	given,
	[pack, "fleets", fleet, name],
	object.get(given, [pack, "accounts", account, name], object.get(given, [pack, "all", name], otherwise)),
) if {
	given[pack]
}
