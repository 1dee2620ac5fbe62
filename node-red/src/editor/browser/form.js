// The fields of an operation or of an event, in the dialog of the node that holds them.

/**
 * The dialog that is open: its node; the operation or event that is chosen; the fields as they stand, those of other
 * choices included; which types of value it offers beside a field's own; and whether a message will run it.
 */
let open;

const option = (value, title) => $('<option>').attr('value', value).text(title);

/** Properties that a node was saved without, as an earlier version did not have them: they have their defaults. */
function fillProperties(node) {
	for (const [name, { value }] of Object.entries(node._def.defaults)) {
		const input = $(`#node-input-${name}`);
		if (node[name] !== undefined || value === undefined || input.length === 0) continue;
		node[name] = value;
		input.val(String(value));
	}
}

function openForm(node, provider, { dynamic, byMessage }) {
	fillProperties(node);
	open = { node, provider, dynamic, byMessage, params: $.extend(true, {}, node.params), chosen: undefined };
}

/** Whether the dialog shows what a node holds that was deployed so: looking at it must not change it. */
const isAsDeployed = () => open.chosen === open.first && !open.node.changed;

/** What a field shows that was never filled in. What no message starts is mostly wanted for all devices. */
const startOf = (field) =>
	field.all && !open.byMessage && isEmpty(field.initial) && !isAsDeployed()
		? { type: 'list', value: '*' }
		: initialOf(field);

/** Shows the fields of another choice. */
function showFields(chosen) {
	const { provider, params } = open;
	readParams();
	open.chosen = chosen;
	if (open.first === undefined) open.first = chosen;
	const { fields = [] } = chosen || {};
	const rows = $('.fleetwire-params').empty();
	for (const field of fields) paramRow(field).appendTo(rows);
	// A TypedInput measures itself, so it is made once it is in the page.
	for (const field of fields) makeInput(provider, field, params[field.name] || startOf(field));
	showConditional();
}

function paramRow({ name, title, description, placeholder, unit }) {
	const id = `node-input-param-${name}`;
	const row = $('<div class="form-row fleetwire-param">').attr('data-param', name);
	$('<label>').attr('for', id).text(title).appendTo(row);
	$('<input type="text" class="fleetwire-value">')
		.attr({
			id,
			placeholder: placeholder || '',
			'aria-label': unit ? `${title} (${unit})` : title,
			'aria-describedby': `${id}-hint`,
		})
		.appendTo(row);
	$('<div class="fleetwire-hint">').attr('id', `${id}-hint`).text(description).appendTo(row);
	return row;
}

/** What typedInput() makes has neither the field's name nor its hint for who cannot see them. */
function nameWidget(input, title, text) {
	const about = input.attr('aria-describedby');
	const widget = input.next('.red-ui-typedInput-container').attr({ role: 'group', 'aria-label': title });
	widget.find('input, button').attr('aria-describedby', about);
	widget.find('input').attr('aria-label', title);
	widget.find('.red-ui-typedInput-type-select').attr('aria-label', text('request.type', { title }));
}

function makeInput(provider, field, { type, value }) {
	const text = words(provider);
	const { dynamic } = open;
	const input = $(`#node-input-param-${field.name}`);
	const types = ownTypes(provider, field, type === 'list' ? value : '');
	// A type that this form does not offer, as an import may bring it, stays.
	if (![...types, ...dynamic].some((one) => (one.value || one) === type)) types.push(type);
	input.val(isEmpty(value) ? '' : String(value));
	input.typedInput({ default: type, types: [...types, ...dynamic] });
	input.typedInput('type', type);
	input.typedInput('value', isEmpty(value) ? '' : String(value));
	nameWidget(input, field.unit ? `${field.title} (${field.unit})` : field.title, text);
	const widget = input.data('noderedTypedInput') || input.data('nodered-typedInput');
	if (field.lookup && widget && widget.optionExpandButton)
		widget.optionExpandButton.attr({ title: text('picker.open'), 'aria-label': text('picker.open') });
	if (field.secret)
		input
			.closest('.form-row')
			.find('.fleetwire-hint')
			.append('. ', document.createTextNode(text('request.secret')));
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
	// Node-RED's "timestamp" is the moment at which a message comes.
	if (kind === 'time')
		return [
			{ value: 'str', label: text('request.time'), icon: 'fa fa-clock-o' },
			...(open.byMessage ? ['date'] : []),
		];
	if (kind !== 'choice' && kind !== 'choices') return ['str'];
	const listed = options.map(({ value, title }) => ({ value, label: title }));
	const multiple = kind === 'choices';
	const known = new Set(options.map(({ value }) => value));
	for (const value of multiple ? valuesIn(field, saved) : [saved]) {
		if (value !== '' && !known.has(value)) listed.push({ value, label: value });
	}
	// Nothing is chosen until somebody does: the first option may be to stop an engine.
	if (!multiple && (isEmpty(initial) || !required)) listed.unshift({ value: '', label: text('request.choose') });
	return [{ value: 'list', label: field.title, icon: 'fa fa-list', showLabel: true, multiple, options: listed }];
}

/** Takes what the form holds into the open dialog's parameters. */
function readParams() {
	for (const { name } of (open.chosen || {}).fields || []) {
		const input = $(`#node-input-param-${name}`);
		// One that is still being made has nothing to tell.
		if (input.hasClass('red-ui-typedInput'))
			open.params[name] = { type: input.typedInput('type'), value: input.typedInput('value') };
	}
}

function showConditional() {
	const conditional = ((open || {}).chosen || { fields: [] }).fields.filter((field) => field.when);
	if (conditional.length === 0) return;
	readParams();
	for (const field of conditional)
		$(`.fleetwire-param[data-param="${field.name}"]`).toggle(applies(field, open.params));
}

/** Puts what the form holds into the node. */
function saveForm(node) {
	// What another version brought stays as it is.
	if (open.chosen !== undefined && !isNewer(node)) {
		readParams();
		// Looking at a node does not change it: what does not apply, and a default of what there was nothing of when it
		// was saved, is kept only if the node had it.
		const had = node.params || {};
		const saved = isAsDeployed() || (open.chosen === open.first && Object.keys(had).length > 0);
		const isDefault = (field) => JSON.stringify(open.params[field.name]) === JSON.stringify(initialOf(field));
		const kept = open.chosen.fields.filter(
			(field) => had[field.name] !== undefined || (applies(field, open.params) && !(saved && isDefault(field))),
		);
		node.params = Object.fromEntries(kept.map(({ name }) => [name, open.params[name]]));
	}
	closeForm();
}

function closeForm() {
	open = undefined;
}
