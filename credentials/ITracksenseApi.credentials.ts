// Made by `npm run generate` from providers/: edit the vendor there.
import type { IAuthenticate, ICredentialTestRequest, ICredentialType, Icon, INodeProperties } from 'n8n-workflow';
import { authenticateOf, credentialProperties, preAuthenticationOf, testOf } from '../n8n/credential';
import { itracksense } from '../providers/itracksense';

export class ITracksenseApi implements ICredentialType {
	name = 'iTracksenseApi';

	displayName = 'iTracksense API';

	icon: Icon = { light: 'file:../icons/itracksense.svg', dark: 'file:../icons/itracksense.dark.svg' };

	documentationUrl = 'https://github.com/fleetwire/fleetwire/blob/main/docs/itracksense.md#account';

	properties: INodeProperties[] = credentialProperties(itracksense);

	preAuthentication = preAuthenticationOf(itracksense);

	authenticate: IAuthenticate = authenticateOf(itracksense);

	// The login before this request is the real test. Whatever the bare address answers, it costs nothing of the quota.
	test: ICredentialTestRequest = {
		request: testOf(itracksense, { url: '/', ignoreHttpStatusErrors: true }),
	};
}
