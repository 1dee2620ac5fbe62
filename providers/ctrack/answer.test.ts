import { expect, test } from 'vitest';
import { open } from './answer';

test.each(['1e999', `"${'9'.repeat(90)}"`, '9'.repeat(400)])('the error code %s is never infinite', (code) => {
	expect(() => open({ status: 200, headers: {}, body: `{"ErrorCode":${code}}` })).toThrow(
		expect.objectContaining({ message: expect.not.stringMatching(/Infinity|e\+/) }) as Error,
	);
});

test.each(['"Success "', '" success"', '" 0 "', '"Success = 0 "'])('the error code %s is no error', (code) => {
	expect(() => open({ status: 200, headers: {}, body: `{"ErrorCode":${code},"List":[]}` })).not.toThrow();
});

test.each([
	['4', '4', undefined],
	['"InvalidNode = 4"', '4', 'InvalidNode = 4'],
	['"NodeUnknown"', 'NodeUnknown', 'NodeUnknown'],
])('the error code %s is "%s", and in the words of the vendor %j', (code, vendorCode, vendorMessage) => {
	const read = () => open({ status: 200, headers: {}, body: `{"ErrorCode":${code}}` });
	expect(read).toThrow(expect.objectContaining({ vendorCode, vendorMessage }) as Error);
});
