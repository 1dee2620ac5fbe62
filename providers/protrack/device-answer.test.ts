import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Client } from '../../core/call/client';
import { findOperation } from '../../core/describe/provider';
import type { CommandOutcome, Outcome } from '../../core/describe/records';
import { connectionOf } from '../../test/support/recordings';
import { json, TestHost } from '../../test/support/test-host';
import { trackceo } from './trackceo';

const provider = trackceo;
const DEVICE = '358899051025339';

async function run(
	name: string,
	params: Record<string, unknown>,
	query: unknown,
	send: unknown = { code: 0, record: { commandid: '1B454' } },
): Promise<CommandOutcome> {
	const host = new TestHost(({ path }) => (path === '/api/command/send' ? json(send) : json(query)));
	const [resource = '', operation = ''] = name.split('.');
	const found = findOperation(provider, resource, operation);
	if (found === undefined) throw new Error(`no ${name}`);
	const [outcome] = (await new Client(provider, connectionOf(provider), host).collect(
		found,
		params,
	)) as CommandOutcome[];
	if (outcome === undefined) throw new Error('no outcome');
	return outcome;
}

/** What is told of a command that the device answered in these words. */
const told = (command: string, response: unknown) =>
	run(
		'command.send',
		{ device: DEVICE, command, mileage: 30, waitForAnswer: true },
		{ code: 0, record: { response, commandstatus: 1 } },
	);

const STOP = 'RELAY,1';
const RESTORE = 'RELAY,0';

/**
 * Decided by a person from the words alone: was it done now, was it not done, or does somebody have to read
 * it?
 */
const ANSWERS: [string, string, Outcome][] = [
	// Success, in the words of section 2.6, of the GT06 protocol and of manuals.
	[STOP, 'Cut off the fuel supply: Success! Speed: 2km/h.', 'confirmed'],
	[STOP, 'Cut off the fuel supply: Success! Speed:0 Km/h', 'confirmed'],
	[STOP, 'Cut off the fuel supply: Success!', 'confirmed'],
	[STOP, '   Cut off the fuel supply Success! Speed:12km/h', 'confirmed'],
	[STOP, 'Cut off the power supply: Success!', 'confirmed'],
	[STOP, 'DYD=Success!', 'confirmed'],
	[STOP, 'DYD=Success!\0\0\0\0\0\0', 'confirmed'],
	[STOP, 'OK', 'confirmed'],
	[STOP, 'ok!\r\n', 'confirmed'],
	[STOP, 'Success', 'confirmed'],
	[STOP, 'RELAY:OK', 'confirmed'],
	[STOP, 'RELAY,1:OK', 'confirmed'],
	[STOP, 'RELAY,1#OK', 'confirmed'],
	[STOP, 'RELAY_OK', 'confirmed'],
	[STOP, 'SET RELAY ENABLE OK,RELAY:1#', 'confirmed'],
	[STOP, 'Stop engine Succeed', 'confirmed'],
	[STOP, 'Relay on OK', 'confirmed'],
	[STOP, '切断油电成功！速度：0公里/时', 'confirmed'],
	[STOP, 'Corte del suministro de combustible realizado con exito! Velocidad: 0km/h.', 'confirmed'],
	[STOP, 'Ausgang erfolgreich geschaltet! Geschwindigkeit: 3km/h', 'confirmed'],
	[RESTORE, 'Restore fuel supply: Success!', 'confirmed'],
	[RESTORE, 'HFYD=Success!', 'confirmed'],
	[RESTORE, 'RELAY,0:OK', 'confirmed'],
	[RESTORE, 'RELAY:OK', 'confirmed'],
	[RESTORE, 'SET RELAY DISABLE OK,RELAY:0# ', 'confirmed'],
	[RESTORE, 'Resume engine succeed', 'confirmed'],
	[RESTORE, '恢复油电成功！', 'confirmed'],
	['LOCKDOOR', 'Lock door: Success!', 'confirmed'],
	['LOCKDOOR', 'LOCKDOOR=Success!', 'confirmed'],
	['UNLOCKDOOR', 'Unlock door: Success!', 'confirmed'],
	['UNLOCKDOOR', 'Doors unlocked: OK', 'confirmed'],
	['RESET', 'Reset: Success!', 'confirmed'],
	['RESET', 'RESET OK!', 'confirmed'],
	['RESET', 'RESET set OK!The terminal will restart after 20 seconds!', 'confirmed'],
	['SET_MILEAGE', 'Set mileage: Success!', 'confirmed'],
	['SET_MILEAGE', 'MILEAGE,30:OK', 'confirmed'],
	// Refusals that leave no doubt.
	[STOP, 'Cut off the fuel supply: Fail! Speed: 62km/h.', 'failed'],
	[STOP, 'DYD=Fail! Speed too high', 'failed'],
	[STOP, 'DYD=Speed Limit, Speed:45km/h', 'failed'],
	[STOP, 'DYD=Speed Limit or Zero GPS Signal!', 'failed'],
	[STOP, 'DYD=Unvalued Fix', 'failed'],
	[STOP, 'RELAY_FAIL', 'failed'],
	[STOP, 'Operation failed, please try again later', 'failed'],
	[STOP, 'ERROR: 102', 'failed'],
	[STOP, 'Command Error!', 'failed'],
	[STOP, 'Not supported', 'failed'],
	[STOP, 'Command not support', 'failed'],
	[STOP, 'Unsupported command', 'failed'],
	[STOP, 'Password error!', 'failed'],
	[STOP, 'Wrong password', 'failed'],
	[STOP, 'Token error', 'failed'],
	[STOP, 'Permission denied', 'failed'],
	[STOP, 'Request refused', 'failed'],
	[STOP, 'Unknown command', 'failed'],
	[STOP, 'Invalid parameter', 'failed'],
	[STOP, 'unsuccessful', 'failed'],
	[STOP, 'NOT OK', 'failed'],
	[STOP, 'No success', 'failed'],
	[STOP, '切断油电失败', 'failed'],
	[STOP, '密码错误', 'failed'],
	[STOP, 'Comando no soportado', 'failed'],
	[STOP, 'Contraseña incorrecta', 'failed'],
	[STOP, 'Falha no bloqueio', 'failed'],
	[STOP, 'Befehl abgelehnt', 'failed'],
	[STOP, 'Échec de la commande', 'failed'],
	[STOP, 'Ошибка команды', 'failed'],
	[RESTORE, 'HFYD=Fail!', 'failed'],
	['LOCKDOOR', 'Lock door: Fail!', 'failed'],
	['RESET', 'ERROR:100', 'failed'],
	['SET_MILEAGE', 'Set mileage: Fail!', 'failed'],
	// Put off: it may still be done.
	[STOP, 'Cut off the fuel supply: Delay! speed limit: 45km/h.', 'answered'],
	[STOP, 'Speed is too high, it will be cut off when the speed is below 20km/h', 'answered'],
	[STOP, 'it will be executed after speed less than 20KM/H', 'answered'],
	[STOP, 'GPS not fixed, Cut off the fuel supply operation delay execution!', 'answered'],
	[STOP, 'SET RELAY DELAY, SPEED IS MORE THAN 20KM/H#', 'answered'],
	[STOP, '速度超限：45公里/时，切断油电延后执行！', 'answered'],
	[STOP, 'Sin adquirir posicion GPS!!!  El comando de corte se ejecutara posteriormente.', 'answered'],
	[STOP, 'Geschwindigkeit zu hoch: 45Km/h Ausgang wird verzoegert geschaltet.', 'answered'],
	[STOP, 'OK, will be cut off when the speed is below 20km/h', 'answered'],
	[STOP, 'Delayed OK', 'answered'],
	['RESET', 'The terminal will restart after 20sec!', 'answered'],
	// So already: nothing was carried out now.
	[STOP, 'Already in the state of fuel supply cut off, the command is not running!', 'answered'],
	[RESTORE, 'Already in the state of fuel supply to resume, the command is not running!', 'answered'],
	[STOP, '终端已处于断油电状态，本指令不再执行！', 'answered'],
	[STOP, 'Corte en estado activo, el comando no puede ejecutarse otra vez!', 'answered'],
	[STOP, 'Ausgang ist bereits aktiviert!', 'answered'],
	// About another action.
	[STOP, 'Restore fuel supply: Success!', 'answered'],
	[STOP, 'HFYD=Success!', 'answered'],
	[STOP, 'RELAY,0:OK', 'answered'],
	[STOP, 'OK RELAY:0', 'answered'],
	[STOP, 'Relay off OK', 'answered'],
	[STOP, 'SET RELAY DISABLE OK,RELAY:0#', 'answered'],
	[STOP, 'Restore fuel supply: Fail!', 'answered'],
	[STOP, 'RELAY,0 Fail', 'answered'],
	[STOP, '恢复油电成功！', 'answered'],
	[STOP, 'Lock door: Success!', 'answered'],
	[STOP, 'cancelled the command of cutting-off fuel supply; fuel supply is on.', 'answered'],
	[RESTORE, 'Cut off the fuel supply: Success!', 'answered'],
	[RESTORE, 'DYD=Success!', 'answered'],
	['LOCKDOOR', 'Unlock door: Success!', 'answered'],
	['UNLOCKDOOR', 'Lock door: Success!', 'answered'],
	['LOCKDOOR', 'Cut off the fuel supply: Success!', 'answered'],
	['RESET', 'Restore fuel supply: Success!', 'answered'],
	['SET_MILEAGE', 'Reset: Success!', 'answered'],
	// OK is said of something else.
	[STOP, 'Fuel supply: OK', 'answered'],
	[STOP, 'Engine OK', 'answered'],
	[STOP, 'GPS:OK', 'answered'],
	[STOP, 'Power: ON Battery: 100% GPS:OK GPRS:OFF line', 'answered'],
	[STOP, 'Speed: OK', 'answered'],
	[STOP, 'Command received OK', 'answered'],
	// Success is named and taken back.
	[STOP, 'Success rate 0', 'answered'],
	[STOP, 'Success: 0', 'answered'],
	[STOP, 'Success=false', 'answered'],
	[STOP, 'OK?', 'answered'],
	[STOP, '!OK', 'answered'],
	[STOP, 'Result != OK', 'answered'],
	[STOP, 'OK/FAIL', 'answered'],
	[STOP, 'Cut off the fuel supply: Success! Relay error 3', 'answered'],
	[STOP, 'OK ❌', 'answered'],
	[STOP, 'NOK', 'answered'],
	[STOP, 'un\u200bsuccessful', 'answered'],
	// Errors that are none.
	[STOP, 'No error', 'answered'],
	[STOP, 'Error: 0', 'answered'],
	[STOP, '0 failed', 'answered'],
	[STOP, '没有错误', 'answered'],
	// Neither.
	[STOP, 'Timeout', 'answered'],
	[STOP, 'Error: no response', 'answered'],
	[STOP, 'Speed is too high', 'answered'],
	[STOP, 'GPS not fixed', 'answered'],
	[STOP, 'Command received', 'answered'],
	[STOP, 'Executed', 'answered'],
	[STOP, 'Ausgang abgeschaltet!', 'answered'],
	[STOP, '操作成功', 'answered'],
	[STOP, 'Hecho', 'answered'],
	[STOP, '1', 'answered'],
	[STOP, '0', 'answered'],
	['LOCKDOOR', 'Speed limit: 80km/h', 'answered'],
];

/**
 * Schedules, thresholds, states, other actions, and what is put off: they hold words of success or of failure, and are
 * neither.
 */
const NEITHER: readonly (readonly [string, string])[] = [
	[STOP, 'Cut-off time 23:00 set OK'],
	[STOP, 'Cut off 2027-01-01 08:00 set OK'],
	[STOP, 'stop set time 08:00:00 success'],
	[STOP, 'Relay on time 10:00 ok'],
	[STOP, 'Set cut off speed: 20 km/h success'],
	[STOP, 'CUTOFF SPEED=20 OK'],
	[STOP, 'Set relay speed=20 ok'],
	[STOP, 'stop speed 10km/h set ok'],
	[STOP, 'Engine:Stopped;Fuel:OK'],
	[STOP, 'Engine: Stop, Power: OK, Speed: 0km/h'],
	[STOP, 'Power: OK; Oil: OK; Relay: OK'],
	[STOP, 'Power cut 12:31:05 OK'],
	[STOP, 'Stop cut off OK'],
	[STOP, 'Cut-off stopped, success'],
	[STOP, 'Engine cut was stopped: OK'],
	[STOP, 'Stop immobilize OK'],
	[STOP, 'Stop relay OK'],
	[STOP, 'Command stopped. Success'],
	[STOP, 'Execution stopped: success'],
	[STOP, 'The response was cut off OK'],
	[STOP, 'RELAY (!OK)'],
	[STOP, 'Relay:! OK'],
	[STOP, 'Relay <> OK'],
	[STOP, 'RELAY =/= OK'],
	[STOP, 'Relay enabled OK'],
	[STOP, 'OK?'],
	[STOP, 'OK but not now'],
	[STOP, 'Power OK'],
	[RESTORE, 'Relay disabled OK'],
	[RESTORE, 'Restore time 10:00 OK'],
	[RESTORE, 'Relay:off,power:ok,oil:ok'],
	[RESTORE, 'Power recovered: OK'],
	['LOCKDOOR', 'Lock speed: 20km/h OK'],
	['LOCKDOOR', 'Lock time 10:00 OK'],
	['LOCKDOOR', 'Door: OK Lock: OK'],
	['UNLOCKDOOR', 'Unlock speed 10 OK'],
	['RESET', 'Set reset time 03:00 OK'],
	['RESET', 'Reboot date 2027-01-01 set OK'],
	['RESET', 'Reset system time 10:00 OK'],
	['RESET', 'Speed 0 reset OK'],
	['RESET', 'Command reset OK'],
	['RESET', 'will reboot in 3600s. OK'],
	['RESET', 'Will reboot after 86400 seconds OK'],
	['RESET', 'Will reboot in 5 sundays OK'],
	[STOP, '成功，错误码：0'],
	[STOP, '执行完毕,错误码：0'],
	[STOP, '错误代码：0'],
	[STOP, 'ERR=00 relay done'],
	[STOP, 'error=00'],
	[STOP, 'Error: 0x00'],
	[STOP, 'Error count: 0'],
	[STOP, 'Error codes: 0'],
	[STOP, 'Errors: no'],
	[STOP, 'error: ninguno'],
	[STOP, 'Fehler: keine'],
	[STOP, 'erreur: aucune'],
	[STOP, 'Engine cut, nenhum erro'],
	[STOP, 'Blocco eseguito, nessun errore'],
	[STOP, 'Coupure effectuée, aucune erreur'],
	[STOP, 'Oprire executata, nicio eroare'],
	[STOP, 'Executed without any error'],
	[STOP, 'error-free execution'],
	[STOP, '没有任何错误'],
	[STOP, 'ошибка: нет'],
	[STOP, 'Engine stopped. GPS antenna error'],
	[STOP, 'Fuel cut; GSM signal error'],
	[STOP, 'Fuel cut. GPS module failure'],
	[STOP, 'Alarm: oil sensor failure, cut off executed'],
	[STOP, 'Main power failure alarm'],
	[STOP, 'Done. (last error: GPRS)'],
	[STOP, 'Last command failed, cut off done'],
	[STOP, 'Engine start refused: immobilized'],
	[STOP, 'Motor bloqueado, arranque rechazado'],
	[STOP, 'In case of error call support'],
	[STOP, 'Fail safe mode: engine cut'],
	[STOP, 'Scheduled due to speed limit'],
	[STOP, 'Fuel cut executes below the speed limit'],
	[STOP, 'Deferred: speed limit'],
	[STOP, 'Cut on hold: speed limit'],
	[STOP, 'speed limit! cut off once speed < 20km/h'],
	[STOP, 'Unvalued Fix, cut off after fix'],
	[STOP, 'Not allowed above 20 km/h. Cut-off scheduled at next stop'],
	[STOP, 'Refused now, executes at standstill'],
	[STOP, 'Attempt 1 failed, attempt 2 running'],
	[STOP, 'Failed. Next attempt in 10s'],
	[STOP, 'Error, reintentando'],
	[STOP, '下发失败，车停后执行'],
	[STOP, '命令失败后将重试'],
	[STOP, '速度太高,拒绝立即执行,等车停'],
];

describe('what a device answers decides the outcome', () => {
	test.each(ANSWERS)('%s: "%s" is %s', async (command, words, outcome) => {
		const found = await told(command, words);
		expect(found).toMatchObject({
			outcome,
			response: words.replaceAll('\0', ''),
			target: DEVICE,
			command,
			commandId: '1B454',
		});
		// Signs that nobody sees are in the response, but in no sentence.
		expect(found.explanation).toContain(words.replace(/[\0\u200b]/g, '').trim());
	});

	test.each(NEITHER)('%s: "%s" is for a person to read', async (command, words) => {
		expect(await told(command, words)).toMatchObject({ outcome: 'answered', response: words });
	});

	test.each([
		['', null],
		['   ', null],
		[null, null],
		[undefined, null],
		[false, 'false'],
		[{ result: 'OK' }, '{"result":"OK"}'],
		[['OK'], '["OK"]'],
		[0, '0'],
	])('without words there is nothing to take as done: %j', async (response, shown) => {
		expect(await told(STOP, response)).toMatchObject({ outcome: 'answered', response: shown });
	});

	test('the explanation says that it is not taken as done, and an endless answer does not flood it', async () => {
		const { explanation } = await told(STOP, 'Speed is too high');
		expect(explanation).toBe(
			'The device answered "Speed is too high": read what it says. It is not taken as done.',
		);
		const flood = await told(STOP, `OK ${'a'.repeat(1_000_000)}`);
		expect(flood.outcome).toBe('answered');
		expect(flood.explanation.length).toBeLessThan(500);
	});
});

describe('an answer that is asked for later', () => {
	const asked = (record: unknown) => run('command.getStatus', { commandId: '1B454' }, { code: 0, record });

	test.each<[string, Outcome]>([
		['Cut off the fuel supply: Success! Speed: 2km/h.', 'confirmed'],
		['Restore fuel supply: Success!', 'confirmed'],
		['OK', 'confirmed'],
		['DYD=Speed Limit, Speed:45km/h', 'failed'],
		['Cut off the fuel supply: Delay! speed limit: 45km/h.', 'answered'],
		['Already in the state of fuel supply cut off, the command is not running!', 'answered'],
		['GPS:OK', 'answered'],
	])('"%s" is %s', async (response, outcome) => {
		expect(await asked({ response, commandstatus: 1 })).toMatchObject({ outcome, response, commandId: '1B454' });
	});

	test('is none as long as the status says so', async () => {
		for (const commandstatus of [0, '0', ' 0 '])
			expect(await asked({ response: '', commandstatus })).toMatchObject({ outcome: 'sent' });
		for (const commandstatus of [1, '1', '1 '])
			expect(await asked({ response: 'OK', commandstatus })).toMatchObject({ outcome: 'confirmed' });
	});

	test.each([[null], [undefined], [''], [false], [true], [[]], [[1]], ['0x1'], [' '], [1.5], ['1.0'], [{}]])(
		'a status that cannot be read (%j) is no answer',
		async (commandstatus) => {
			await expect(asked({ response: 'OK', commandstatus })).rejects.toMatchObject({ code: 'UnexpectedAnswer' });
			expect(
				await run(
					'command.send',
					{ device: DEVICE, command: STOP, waitForAnswer: true },
					{ code: 0, record: { response: 'OK', commandstatus } },
				),
			).toMatchObject({
				outcome: 'sent',
				commandId: '1B454',
				explanation: expect.stringContaining("asking for the device's answer failed"),
			});
		},
	);
});

/** Whole words of success, as anybody would look for them. */
const SUCCESS = /(?<!\p{L})(?:ok|success|successful|successfully|succeed|succeeds|succeeded)(?!\p{L})/iu;
/** The sentences of the one firmware that says it in other languages. */
const ABROAD = /成功|exito|erfolgreich/i;

const PIECES = [
	'cut off',
	'restore',
	'the',
	'fuel supply',
	'engine',
	'relay',
	'relay,1',
	'dyd',
	'=',
	':',
	'!',
	', ',
	' ',
	'speed: 2km/h',
	'is',
	'was',
	'set',
	'command',
	'done',
	'executed',
	'oks',
	'okay',
	'token',
	'unsuccessful',
	'success1ul',
	'okno',
	'成功了',
	'o k',
	'1',
	'0',
];
const NEGATIONS = [
	'not',
	'no',
	'without',
	'never',
	'un',
	'non',
	'nicht',
	'sin',
	'fail',
	'failed',
	'error',
	'refused',
	'denied',
	'unsupported',
	'speed limit',
	'timeout',
	'no fix',
	'password',
	'false',
	'0',
	'?',
	'!= ',
	'未',
	'нет',
	'pas',
	'invalid',
	'almost',
	'delay',
	'will be',
	'restore',
	'unlock',
];

describe('properties', () => {
	const commands = fc.constantFrom(STOP, RESTORE, 'LOCKDOOR', 'UNLOCKDOOR', 'RESET', 'SET_MILEAGE');

	test('nothing without a whole word of success is ever confirmed', async () => {
		const text = fc.oneof(
			fc.string(),
			fc.string({ unit: 'binary' }),
			fc.array(fc.constantFrom(...PIECES), { maxLength: 12 }).map((pieces) => pieces.join(' ')),
			fc.array(fc.constantFrom(...PIECES), { maxLength: 12 }).map((pieces) => pieces.join('')),
		);
		await fc.assert(
			fc.asyncProperty(commands, text, async (command, words) => {
				fc.pre(!SUCCESS.test(words) && !ABROAD.test(words));
				expect((await told(command, words)).outcome).not.toBe('confirmed');
			}),
			{ numRuns: 1500 },
		);
	});

	test('nothing with a negation, a refusal or another action beside the success is ever confirmed', async () => {
		const confirmed = ANSWERS.filter(([command, , outcome]) => outcome === 'confirmed' && command === STOP).map(
			([, words]) => words.replaceAll('\0', ''),
		);
		const embedded = fc
			.tuple(
				fc.constantFrom(...confirmed),
				fc.constantFrom(...NEGATIONS),
				fc.nat(),
				fc.constantFrom(' ', ', ', ': '),
			)
			.map(([words, negation, at, between]) => {
				// Between words, where a reader would see it.
				const gaps = [0, ...[...words.matchAll(/(?<=\S)\s|$/g)].map(({ index }) => index)];
				const gap = gaps[at % gaps.length] ?? 0;
				return `${words.slice(0, gap)}${between}${negation}${between}${words.slice(gap)}`;
			});
		await fc.assert(
			fc.asyncProperty(embedded, async (words) => {
				expect((await told(STOP, words)).outcome, words).not.toBe('confirmed');
			}),
			{ numRuns: 1500 },
		);
	});
});
