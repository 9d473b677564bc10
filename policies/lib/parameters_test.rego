package cattleguard.lib.parameters_test

import data.cattleguard.lib.parameters

given := {"pack": {
	"all": {"a": "all", "b": "all", "c": "all"},
	"accounts": {"111122223333": {"b": "account", "c": "account"}},
	"fleets": {"web": {"c": "fleet"}},
}}

found(name, doc) := value if {
	value := parameters.value("pack", name, "default") with input as doc with data.parameters as given
}

test_the_narrowest_layer_wins if {
	doc := {"account": {"id": "111122223333"}, "fleet": {"name": "web"}}
	found("a", doc) == "all"
	found("b", doc) == "account"
	found("c", doc) == "fleet"
	found("d", doc) == "default"
}

test_other_fleets_and_accounts_get_what_all_get if {
	doc := {"account": {"id": "444455556666"}, "fleet": {"name": "api"}}
	found("b", doc) == "all"
	found("c", doc) == "all"
	found("c", {}) == "all"
}

test_without_data_the_default_holds if {
	parameters.value("pack", "a", 7) == 7 with input as {}
}

test_an_empty_list_is_a_value if {
	value := parameters.value("pack", "a", ["x"]) with input as {} with data.parameters as {"pack": {"all": {"a": []}}}
	value == []
}
