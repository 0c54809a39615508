from explorer.analysis.placing import behind, dropped, into_wire, new_node, step  # noqa: F401
