import { describe, expect, test } from 'vitest';
import { VendorFault } from '../describe/errors';
import { text } from '../describe/field';
import { cut, plain } from '../describe/words';
import { Redactor } from './redaction';

const secret = 'p@ss "wörd"\\&+/=<1>';

function redactor(): Redactor {
	const made = new Redactor();
	made.add(secret, 'secret');
	made.addToken('Tok3n-abcdefghijkl');
	return made;
}

test.each([
	['as it is', secret],
	['url-encoded', encodeURIComponent(secret)],
	['in a form', new URLSearchParams([['p', secret]]).toString()],
	['in a path', new URL(`http://x/${encodeURIComponent(secret)}/y`).pathname],
	['in JSON', JSON.stringify({ secret })],
	['in html', secret.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;')],
	['in html by numbers', secret.replace(/[^\w ]/gu, (sign) => `&#${String(sign.codePointAt(0))};`)],
	['in html by hex numbers', secret.replace(/[^\w ]/gu, (sign) => `&#x${Number(sign.codePointAt(0)).toString(16)};`)],
	[
		'in html by numbers, in a sentence',
		plain(secret.replace(/[^\w ]/gu, (sign) => `&#${String(sign.codePointAt(0))};`)),
	],
	['base64', Buffer.from(secret).toString('base64')],
	['encoded twice', encodeURIComponent(encodeURIComponent(secret))],
	['base64 for addresses', Buffer.from(secret).toString('base64url')],
])('a secret %s is hidden', (_, text) => {
	const shown = redactor().text(`before ${text} after`);
	expect(shown).toContain('[secret]');
	expect(shown.startsWith('before ')).toBe(true);
	expect(shown.endsWith(' after')).toBe(true);
});

test.each(['', 'a', 'ab', 'abc'])('a secret behind %j in base64 is hidden', (before) => {
	const text = Buffer.from(`${before}${secret}and more`).toString('base64');
	expect(redactor().text(text)).toContain('[secret]');
});

test('half of a secret before a cut is hidden, and words are not', () => {
	for (let length = 40; length < 60; length++) {
		const shown = redactor().text(cut(`${'x'.repeat(40)}Tok3n-abcdefghijkl and more`, length));
		expect(shown).not.toContain('Tok3');
		expect(shown).toMatch(/^x{36,40}/);
	}
	expect(redactor().text(cut('The vendor is down for maintenance today', 20))).toBe('The vendor is down …');
});

test('the parts of a secret that any encoding leaves are hidden, unless they may be ordinary words', () => {
	const made = new Redactor();
	made.add('horsebatterystaple ~ tracking ~ fleet2026', 'secret');
	const odd = '<horsebatterystaple%%tracking%%fleet2026>';
	expect(made.text(odd)).toBe('<[secret]%%tracking%%[secret]>');
});

test('a secret that no encoding knows is no reason to fail', () => {
	const made = new Redactor();
	made.add('half \ud800 pair', 'secret');
	expect(made.text('is half \ud800 pair here')).toBe('is [secret] here');
});

test('the forms that a field declares for its secret are hidden as the secret is', () => {
	const hex = (key: string) => Buffer.from(key).toString('hex');
	const field = text({ title: 'Key', description: '', secret: true, secretForms: (key) => [hex(key)] });
	const made = new Redactor();
	made.addSecrets({ key: field }, { key: 'hunter2-secret' });
	const inHex = '68756e746572322d736563726574';
	for (const form of [inHex, inHex.toUpperCase(), btoa(inHex)])
		expect(made.text(`is ${form} here`)).toMatch(/^is \[\w+\] here$/);
});

test('an error is clean in all its parts', () => {
	const error = redactor().error(
		new VendorFault(`no ${secret}`, {
			advice: secret,
			vendorMessage: secret,
			vendorCode: secret,
			cause: new Error(secret),
		}),
	);
	expect(
		JSON.stringify([error.message, error.stack, error.advice, error.vendorMessage, error.vendorCode, error.cause]),
	).not.toContain('wörd');
});

test('half of a secret before each of many cuts is hidden', () => {
	const parts = ['Tok3', 'Tok3n-abc', 'TOK3N-ABCDEFGHIJK', 'p@ss', 'p%40ss%20%22', 'Tok'];
	for (const mark of ['…', '...']) {
		const shown = redactor().text(parts.map((part) => `a word ${part}${mark}`).join(' '));
		expect(shown).toBe([...Array<string>(5).fill(`a word [secret]${mark}`), `a word Tok${mark}`].join(' '));
	}
});

/** Of the processor, as other programs may take their share of the clock. */
function cpuMs(work: () => void): number {
	const began = process.cpuUsage();
	work();
	const { user, system } = process.cpuUsage(began);
	return (user + system) / 1000;
}

test.each([
	['marks', '…'],
	['dots', '.'],
	['marks behind words', `${'x'.repeat(40)}…`],
	['marks behind halves', 'Tok3n-abcde…'],
	['almost halves', `${'Tok3n-abcdefghijk'.repeat(3)}_…`],
])('a text of nothing but %s takes no more than its length', (_, unit) => {
	const made = redactor();
	const text = (length: number) => unit.repeat(Math.ceil(length / unit.length));
	made.text(text(100_000));
	expect(cpuMs(() => made.text(text(2_000_000)))).toBeLessThan(500);
});

test('a secret is found in words that were made plain before', () => {
	for (const form of [
		secret,
		encodeURIComponent(secret),
		JSON.stringify({ secret }),
		JSON.stringify(secret).replaceAll('/', '\\/').replaceAll('ö', '\\u00f6'),
		secret.replace(
			/[^ -~]|[<>&'"+]/g,
			(sign) => `\\u${sign.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`,
		),
		secret.replace(/[^a-z]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`),
		`a &lt;p@ss &quot;wörd&quot;\\&amp;+/=&lt;1&gt; b`,
		'Tok3n-abcde\u200bfghijkl',
		`${secret}\u202e`,
	]) {
		const { message, vendorMessage } = redactor().error(
			new VendorFault(`says: ${form}`, { vendorMessage: cut(form) }),
		);
		for (const shown of [message, vendorMessage ?? '']) expect(shown).not.toMatch(/wörd|w%C3%B6rd|Tok3n/);
	}
});

test('secrets of any length are hidden, and cost neither time nor the words beside them', () => {
	const redactor = new Redactor();
	redactor.add('hunter2-secret', 'secret');
	const long = 'tok-' + 'x1'.repeat(8_000_000);
	const begun = performance.now();
	redactor.addToken(long);
	redactor.add(long, 'password');
	expect(redactor.text(`my hunter2-secret and ${long.slice(0, 4096)}`)).toBe('my [secret] and [token]');
	expect(performance.now() - begun).toBeLessThan(2000);
});

describe('secrets of runs', () => {
	const sizeOf = (made: Redactor) => (made as unknown as { forms: Map<string, unknown> }).forms.size;

	test('are hidden while a run has them, however many others come, and for some runs more', () => {
		const made = new Redactor();
		const release = made.hold('lock-password-1');
		for (let count = 0; count < 100; count++) made.hold(`other-password-${String(count)}`)();
		expect(made.text('it is lock-password-1')).toBe('it is [password]');
		release();
		for (let count = 0; count < 10; count++) made.hold(`later-password-${String(count)}`)();
		expect(made.text('it is lock-password-1')).toBe('it is [password]');
	});

	test('that a run gives up twice are still those of another run', () => {
		const made = new Redactor();
		const release = made.hold('lock-password-1');
		made.hold('lock-password-1');
		release();
		release();
		for (let count = 0; count < 100; count++) made.hold(`other-password-${String(count)}`)();
		expect(made.text('it is lock-password-1')).toBe('it is [password]');
	});

	test('do not grow', () => {
		const made = new Redactor();
		for (let count = 0; count < 50; count++) made.hold(`first-password-${String(count)}`)();
		const after = sizeOf(made);
		for (let count = 0; count < 500; count++) made.hold(`second-password-${String(count)}`)();
		expect(sizeOf(made)).toBeLessThan(after * 1.2);
	});

	test('that are given up take nothing else along', () => {
		const made = redactor();
		made.hold(secret)();
		made.hold('Tok3n-abcdefghijkl')();
		for (let count = 0; count < 50; count++) made.hold(`other-password-${String(count)}`)();
		for (let count = 0; count < 3; count++) made.addToken(`other-token-${String(count)}`);
		expect(made.text(`${secret} and Tok3n-abcdefghijkl`)).toBe('[secret] and [token]');
		made.addToken('other-token-3');
		expect(made.text(secret)).toBe('[secret]');
		const equal = new Redactor();
		equal.add('Tok3n-abcdefghijkl', 'secret');
		for (let count = 0; count < 6; count++)
			equal.addToken(count === 0 ? 'Tok3n-abcdefghijkl' : `other-token-${String(count)}`);
		expect(equal.text('Tok3n-abcdefghijkl')).toBe('[secret]');
	});
});
