// What is known of the vendors, and the checks behind the red triangles of nodes.

/** Types of value that take it from elsewhere, at the moment a message comes. */
const DYNAMIC = ['msg', 'flow', 'global', 'env', 'jsonata'];

const catalogOf = (provider) => fleetwire[provider];
const operationOf = (provider, resource, name) =>
	catalogOf(provider).operations.find((operation) => operation.resource === resource && operation.name === name);
const words = (provider) => (key, params) => RED._(`@fleetwire/node-red-fleet/${provider}:${key}`, params);
const isEmpty = (value) => value === undefined || value === null || value === '';

/** Whether a field applies beside the others; what only a message will tell counts as applying. */
function applies(field, params) {
	return Object.entries(field.when || {}).every(([name, values]) => {
		const other = params[name];
		return other === undefined || DYNAMIC.includes(other.type) || values.includes(String(other.value));
	});
}

/** The first type is what a new node begins with. */
function firstType({ kind, lookup, secret }) {
	if (secret) return 'env';
	if (kind === 'number') return 'num';
	if (kind === 'boolean') return 'bool';
	if (kind === 'json') return 'json';
	return kind === 'choice' || kind === 'choices' || lookup ? 'list' : 'str';
}

function initialOf(field) {
	const { initial } = field;
	return {
		type: firstType(field),
		value: isEmpty(initial) ? '' : Array.isArray(initial) ? initial.join(',') : String(initial),
	};
}

fleetwire.labelOf = (node, provider) => {
	const operation = operationOf(provider, node.resource, node.operation);
	return operation && operation.action;
};

fleetwire.checkOperation = (node, provider, opt) => {
	const { resource, operation } = chosen(node);
	return (
		operationOf(provider, resource, operation) !== undefined ||
		(opt ? words(provider)('problem.operation', { operation: `${resource}.${operation}` }) : false)
	);
};

fleetwire.checkParams = (node, provider, params, opt) => {
	const operation = operationOf(provider, node.resource, node.operation);
	return operation === undefined || checkFields(operation.fields, provider, params || {}, opt);
};

function checkFields(fields, provider, params, opt) {
	const problems = fields
		.filter((field) => applies(field, params))
		.map((field) => problemOf(field, params[field.name], words(provider)))
		.filter((problem) => problem !== undefined);
	return problems.length === 0 || (opt ? problems : false);
}

/** What is wrong with one parameter as it is filled in, or undefined. */
function problemOf(field, given, text) {
	// A parameter that the node does not hold takes its default at run time.
	const { type, value } = given || initialOf(field);
	if (isEmpty(value) && type !== 'date')
		return field.required && (given !== undefined || isEmpty(field.initial)) && field.kind !== 'choices'
			? text('problem.missing', { title: field.title })
			: undefined;
	if (type === 'list' || type === 'str' || type === 'bool' || type === 'date' || type === 'env') return undefined;
	const checked = RED.utils.validateTypedProperty(value, type, { label: field.title });
	if (checked === true) return type === 'num' ? rangeProblemOf(field, Number(value), text) : undefined;
	return checked === false ? field.title : checked;
}

/** Why a number is outside of what a field takes, or undefined. */
function rangeProblemOf({ title, min, max }, number, text) {
	if (!(number < min) && !(number > max)) return undefined;
	const range = min === undefined ? 'most' : max === undefined ? 'least' : 'between';
	return text(`problem.${range}`, { title, min, max });
}

fleetwire.checkNumber = (provider, name, value, opt) =>
	checkRange(
		catalogOf(provider).connection.find((field) => field.name === name),
		value,
		opt,
	);

function checkRange({ min, max, title, required }, value, opt) {
	const number = Number(value);
	const fine =
		VARIABLE.test(value) ||
		(isEmpty(value)
			? !required
			: Number.isFinite(number) && (min === undefined || number >= min) && (max === undefined || number <= max));
	return fine || (opt ? `${title}: ${min}–${max}` : false);
}

/** A setting of a node beside its parameters; an empty one has its default. */
fleetwire.checkSetting = (name, value, opt) => {
	const field = SETTINGS.find((one) => one.name === name);
	return isEmpty(value) || checkRange(field, value, opt);
};

fleetwire.checkCount = (node, name, value, opt) => {
	const fine = isEmpty(value) || (Number.isFinite(Number(value)) && Number(value) >= 0);
	return fine || (opt ? node._(`request.${name}`) : false);
};
