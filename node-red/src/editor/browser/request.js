// The dialog of the operation node.

/** Resource and operation of a node: what its dialog shows while that is open, else what it holds. */
function chosen(node) {
	if (!open || open.node !== node) return node;
	return { resource: $('#node-input-resource').val(), operation: $('#node-input-operation').val() };
}

fleetwire.prepareRequest = (node, provider) => {
	const text = words(provider);
	const catalog = catalogOf(provider);
	openForm(node, provider, { dynamic: DYNAMIC, byMessage: true });
	fillIn(node, SETTINGS, 'node-input');
	const resource = $('#node-input-resource');
	const operation = $('#node-input-operation');

	for (const { name, title } of catalog.resources) resource.append(option(name, title));
	// What a later version stored must survive this one.
	if (!catalog.resources.some(({ name }) => name === node.resource))
		resource.append(option(node.resource, node.resource));
	resource.val(node.resource);

	const fillOperations = () => {
		const current = operation.val() || node.operation;
		const choices = catalog.operations.filter((one) => one.resource === resource.val());
		operation.empty();
		for (const { name, title } of choices) operation.append(option(name, title));
		if (resource.val() === node.resource && !choices.some(({ name }) => name === node.operation))
			operation.append(option(node.operation, text('request.unknown', { operation: node.operation })));
		operation.val(current);
		// The editor fires "change" by itself: only a resource without the operation changes it.
		if (operation.val() === null) operation.prop('selectedIndex', 0);
	};
	// Lets the editor check the operation again, which it did when only the resource had changed.
	resource.on('change', () => {
		fillOperations();
		operation.trigger('change');
	});
	operation.on('change', showOperation);
	$('#node-input-output').on('change', showResult);
	fillOperations();
	showOperation();
};

/** Shows the fields of the chosen operation; does nothing while it stays the same. */
function showOperation() {
	const { provider } = open;
	const text = words(provider);
	const { resource, operation } = chosen(open.node);
	const found = operationOf(provider, resource, operation);
	if (found !== undefined && found === open.chosen) return;
	const { description = '', effect = 'read', fields = [] } = found || {};
	$('.fleetwire-about').text(description);
	$('.fleetwire-notice')
		.toggle(effect !== 'read')
		.text(effect === 'read' ? '' : text(`request.${effect}`));
	showFields(found);
	if (found !== undefined && fields.length === 0)
		$('<div class="fleetwire-hint fleetwire-left">').text(text('request.none')).appendTo('.fleetwire-params');
	showResult();
}

/** Which of the settings below the parameters make sense. */
function showResult() {
	const {
		effect = 'read',
		list = false,
		limited = false,
		map = false,
		alone = false,
	} = open.chosen || { list: true, limited: true, map: true };
	const output = $('#node-input-output');
	output.find('option[value="worldmap"]').prop({ disabled: !map, hidden: !map });
	if (open.chosen && !map && output.val() === 'worldmap') output.val('simplified');
	$('.fleetwire-output').toggle(effect === 'read');
	$('.fleetwire-list-result').toggle(list && output.val() !== 'worldmap');
	$('.fleetwire-list').toggle(limited);
	for (const setting of SETTINGS) $(`.fleetwire-setting-${setting.name}`).toggle(setting.effect === effect && !alone);
}

fleetwire.saveRequest = saveForm;
fleetwire.leaveRequest = closeForm;
