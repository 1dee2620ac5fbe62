// Nodes that another version of the package saved.

/** A node of an earlier version is brought up to date as it comes into the editor, before it is checked or shown. */
RED.events.on('nodes:add', (added) => {
	const steps = MIGRATIONS[added.type];
	if (steps === undefined) return;
	// Behind the editor's proxy: a locked flow is also stored with the current names.
	const node = added.__node__ || added;
	const names = Object.keys(node._def.defaults);
	const settings = Object.fromEntries(names.map((name) => [name, node[name]]));
	const migrated = migrate(settings, steps);
	if (migrated !== settings) for (const name of names) node[name] = migrated[name];
});

const isNewer = ({ type, version }) => Number(version) > newestVersion(MIGRATIONS[type]);

fleetwire.checkVersion = (type, provider, version, opt) =>
	!isNewer({ type, version }) || (opt ? words(provider)('problem.newer') : false);
