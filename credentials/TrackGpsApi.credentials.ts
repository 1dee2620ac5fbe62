// Made by `npm run generate` from providers/: edit the vendor there.
import type { IAuthenticate, ICredentialTestRequest, ICredentialType, Icon, INodeProperties } from 'n8n-workflow';
import { authenticateOf, credentialProperties, preAuthenticationOf, testOf } from '../n8n/credential';
import { trackgps } from '../providers/trackgps';

export class TrackGpsApi implements ICredentialType {
	name = 'trackGpsApi';

	displayName = 'TrackGPS.ro API';

	icon: Icon = { light: 'file:../icons/trackgps.svg', dark: 'file:../icons/trackgps.dark.svg' };

	documentationUrl = 'https://github.com/fleetwire/fleetwire/blob/main/docs/trackgps.md#account';

	properties: INodeProperties[] = credentialProperties(trackgps);

	preAuthentication = preAuthenticationOf(trackgps);

	authenticate: IAuthenticate = authenticateOf(trackgps);

	// The login before this request is the real test. Whatever the bare address answers, it costs nothing of the quota.
	test: ICredentialTestRequest = {
		request: testOf(trackgps, { url: '/', ignoreHttpStatusErrors: true }),
	};
}
