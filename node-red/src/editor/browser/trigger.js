// The dialog of the trigger node, and its button.

const triggerOf = (provider, name) => catalogOf(provider).triggers.find((trigger) => trigger.name === name);

/** Event of a node: what its dialog shows while that is open, else what it holds. */
const eventOf = (node) => (open && open.node === node ? $('#node-input-event').val() : node.event);

fleetwire.labelOfTrigger = (node, provider) => (triggerOf(provider, node.event) || {}).title;

fleetwire.checkEvent = (node, provider, opt) => {
	const event = eventOf(node);
	return triggerOf(provider, event) !== undefined || (opt ? words(provider)('problem.event', { event }) : false);
};

fleetwire.checkFilters = (node, provider, params, opt) => {
	const trigger = triggerOf(provider, node.event);
	return trigger === undefined || checkFields(trigger.fields, provider, params || {}, opt);
};

fleetwire.checkInterval = (node, provider, value, opt) => {
	const { seconds, leastSeconds } = catalogOf(provider).poll;
	return (
		isEmpty(value) ||
		Number(value) >= leastSeconds ||
		(opt ? words(provider)('problem.interval', { seconds, leastSeconds }) : false)
	);
};

fleetwire.checkMinutes = (provider, value, opt) =>
	isEmpty(value) || Number(value) > 0 || (opt ? words(provider)('problem.minutes') : false);

fleetwire.prepareTrigger = (node, provider) => {
	const text = words(provider);
	// A node without one remembers in a file, whatever is proposed for new ones.
	if (node.store === undefined) node.store = '';
	openForm(node, provider, { dynamic: ['env'], byMessage: false });
	const event = $('#node-input-event');
	const { triggers } = catalogOf(provider);
	for (const { name, title } of triggers) event.append(option(name, title));
	// What a later version stored must survive this one.
	if (triggerOf(provider, node.event) === undefined)
		event.append(option(node.event, text('request.unknown', { operation: node.event })));
	event.val(node.event);

	const store = $('#node-input-store').append(option('', text('trigger.file')));
	const { stores = [] } = RED.settings.context || {};
	for (const name of stores) store.append(option(name, text('trigger.context', { name })));
	if (node.store && !stores.includes(node.store))
		store.append(option(node.store, text('request.unknown', { operation: node.store })));
	store.val(node.store || '');

	event.on('change', showEvent);
	$('#node-input-output, #node-input-acknowledge').on('change', showDelivery);
	showEvent();
};

/** Shows the fields of the chosen event; does nothing while it stays the same. */
function showEvent() {
	const { provider, node } = open;
	const found = triggerOf(provider, eventOf(node));
	if (found !== undefined && found === open.chosen) return;
	$('.fleetwire-about').text(found ? found.description : '');
	showFields(found);
	showDelivery();
}

/** Which of the settings below the filters make sense. */
function showDelivery() {
	const { map = false, queue = false } = open.chosen || { map: true, queue: true };
	const output = $('#node-input-output');
	if (open.chosen && !map && output.val() === 'worldmap') output.val('simplified');
	$('.fleetwire-output').toggle(map);
	$('.fleetwire-list-result').toggle(output.val() !== 'worldmap');
	$('.fleetwire-queue').toggle(queue);
	$('.fleetwire-within').toggle($('#node-input-acknowledge').val() === 'operation');
	// What a queue still holds is known at the vendor.
	$('.fleetwire-store').toggle(!queue);
}

fleetwire.saveTrigger = (node) => {
	const known = open.chosen !== undefined && !isNewer(node);
	saveForm(node);
	// The events of the trigger about itself have an output of their own, where they are wanted or may be.
	const { type, value } = node.params.reportUnwell || {};
	if (known) node.outputs = isEmpty(value) || (type === 'bool' && value !== 'true') ? 1 : 2;
};
fleetwire.leaveTrigger = closeForm;

fleetwire.pollNow = (node, provider) => {
	const text = words(provider);
	if (node.changed)
		return RED.notify(
			RED._('notification.warning', { message: RED._('notification.warnings.undeployedChanges') }),
			'warning',
		);
	post(`fleetwire/${provider}/poll/${encodeURIComponent(node.id)}`, {})
		.done(({ message }) => RED.notify(message, { type: 'success', id: 'fleetwire-poll', timeout: 2000 }))
		// A text would be taken for html.
		.fail((xhr) =>
			RED.notify($('<p>').text(text('trigger.notPolled', { message: reason(xhr, text, provider) })), 'error'),
		);
};
