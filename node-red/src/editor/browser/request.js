// The dialog of the operation node.

/** The dialog that is open: its node, and the parameters as they stand, those of other operations included. */
let open;

/** Resource and operation of a node: what its dialog shows while that is open, else what it holds. */
function chosen(node) {
	if (!open || open.node !== node) return node;
	return { resource: $('#node-input-resource').val(), operation: $('#node-input-operation').val() };
}

const option = (value, title) => $('<option>').attr('value', value).text(title);

fleetwire.prepareRequest = (node, provider) => {
	const text = words(provider);
	const catalog = catalogOf(provider);
	open = { node, provider, params: $.extend(true, {}, node.params), operation: undefined };
	const resource = $('#node-input-resource');
	const operation = $('#node-input-operation');

	for (const { name, title } of catalog.resources) resource.append(option(name, title));
	// What a later version stored must survive this one.
	if (!catalog.resources.some(({ name }) => name === node.resource)) resource.append(option(node.resource, node.resource));
	resource.val(node.resource);

	const fillOperations = () => {
		const current = operation.val() || node.operation;
		const choices = catalog.operations.filter((one) => one.resource === resource.val());
		operation.empty();
		for (const { name, title } of choices) operation.append(option(name, title));
		if (resource.val() === node.resource && !choices.some(({ name }) => name === node.operation)) operation.append(option(node.operation, text('request.unknown', { operation: node.operation })));
		operation.val(current);
		// The editor fires "change" by itself: only a resource without the operation changes it.
		if (operation.val() === null) operation.prop('selectedIndex', 0);
	};
	// Lets the editor check the operation anew, which it did when only the resource had changed.
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
	const { provider, params } = open;
	const text = words(provider);
	const { resource, operation } = chosen(open.node);
	const found = operationOf(provider, resource, operation);
	if (found !== undefined && found === open.operation) return;
	readParams();
	open.operation = found;
	const { description = '', effect = 'read', fields = [] } = found || {};
	$('.fleetwire-about').text(description);
	$('.fleetwire-notice').toggle(effect !== 'read').text(effect === 'read' ? '' : text(`request.${effect}`));
	const rows = $('.fleetwire-params').empty();
	for (const field of fields) paramRow(field, params[field.name] || initialOf(field)).appendTo(rows);
	if (found !== undefined && fields.length === 0) $('<div class="fleetwire-hint fleetwire-left">').text(text('request.none')).appendTo(rows);
	// A TypedInput measures itself, so it is made once it is in the page.
	for (const field of fields) makeInput(provider, field, params[field.name] || initialOf(field));
	showConditional();
	showResult();
}

function paramRow({ name, title, description, placeholder, unit }) {
	const id = `node-input-param-${name}`;
	const row = $('<div class="form-row fleetwire-param">').attr('data-param', name);
	$('<label>').attr('for', id).text(title).appendTo(row);
	$('<input type="text" class="fleetwire-value">').attr({ id, placeholder: placeholder || '', 'aria-label': unit ? `${title} (${unit})` : title, 'aria-describedby': `${id}-hint` }).appendTo(row);
	$('<div class="fleetwire-hint">').attr('id', `${id}-hint`).text(description).appendTo(row);
	return row;
}

function makeInput(provider, field, { type, value }) {
	const text = words(provider);
	const input = $(`#node-input-param-${field.name}`);
	const types = ownTypes(provider, field, type === 'list' ? value : '');
	// A type that this form does not offer, as an import may bring it, stays.
	if (![...types, ...DYNAMIC].some((one) => (one.value || one) === type)) types.push(type);
	input.val(isEmpty(value) ? '' : String(value));
	input.typedInput({ default: type, types: [...types, ...DYNAMIC] });
	input.typedInput('type', type);
	input.typedInput('value', isEmpty(value) ? '' : String(value));
	const widget = input.data('noderedTypedInput') || input.data('nodered-typedInput');
	if (field.lookup && widget && widget.optionExpandButton) widget.optionExpandButton.attr({ title: text('picker.open'), 'aria-label': text('picker.open') });
	if (field.secret) input.closest('.form-row').find('.fleetwire-hint').append('. ', document.createTextNode(text('request.secret')));
	const mark = () => {
		const problem = problemOf(field, { type: input.typedInput('type'), value: input.typedInput('value') }, text);
		input.next('.red-ui-typedInput-container').toggleClass('input-error', problem !== undefined);
		showConditional();
	};
	input.on('change', mark);
	mark();
}

/** The types of value that are the field's own. */
function ownTypes(provider, field, saved) {
	const text = words(provider);
	const { kind, options = [], required, initial, secret, lookup } = field;
	if (secret) return [];
	if (lookup) return [pickerType(provider, field)];
	if (kind === 'number') return ['num'];
	if (kind === 'boolean') return ['bool'];
	if (kind === 'json') return ['json'];
	if (kind === 'time') return [{ value: 'str', label: text('request.time'), icon: 'fa fa-clock-o' }, 'date'];
	if (kind !== 'choice' && kind !== 'choices') return ['str'];
	const listed = options.map(({ value, title }) => ({ value, label: title }));
	const multiple = kind === 'choices';
	const known = new Set(options.map(({ value }) => value));
	for (const value of multiple ? partsOf(saved) : [saved]) {
		if (value !== '' && !known.has(value)) listed.push({ value, label: value });
	}
	// Nothing is chosen until somebody does: the first option may be to stop an engine.
	if (!multiple && (isEmpty(initial) || !required)) listed.unshift({ value: '', label: text('request.choose') });
	return [{ value: 'list', label: field.title, icon: 'fa fa-list', showLabel: true, multiple, options: listed }];
}

/** Takes what the form holds into the open dialog's parameters. */
function readParams() {
	for (const { name } of (open.operation || {}).fields || []) {
		const input = $(`#node-input-param-${name}`);
		// One that is still being made has nothing to tell.
		if (input.hasClass('red-ui-typedInput')) open.params[name] = { type: input.typedInput('type'), value: input.typedInput('value') };
	}
}

function showConditional() {
	const conditional = ((open || {}).operation || { fields: [] }).fields.filter((field) => field.when);
	if (conditional.length === 0) return;
	readParams();
	for (const field of conditional) $(`.fleetwire-param[data-param="${field.name}"]`).toggle(applies(field, open.params));
}

/** Which of the settings below the parameters make sense. */
function showResult() {
	const { effect = 'read', list = false, limited = false, map = false } = open.operation || { list: true, limited: true, map: true };
	const output = $('#node-input-output');
	output.find('option[value="worldmap"]').prop({ disabled: !map, hidden: !map });
	if (open.operation && !map && output.val() === 'worldmap') output.val('simplified');
	$('.fleetwire-output').toggle(effect === 'read');
	$('.fleetwire-list-result').toggle(list && output.val() !== 'worldmap');
	$('.fleetwire-list').toggle(limited);
}

fleetwire.saveRequest = (node) => {
	// An operation of another version: leave what it brought alone.
	if (open.operation !== undefined) {
		readParams();
		// What does not apply is kept only if the node had it, so that looking at a node does not change it.
		const kept = open.operation.fields.filter((field) => applies(field, open.params) || (node.params || {})[field.name] !== undefined);
		node.params = Object.fromEntries(kept.map(({ name }) => [name, open.params[name]]));
	}
	fleetwire.leaveRequest();
};

fleetwire.leaveRequest = () => {
	open = undefined;
};
