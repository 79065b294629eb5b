using Appliance.Ike;
using Appliance.Ike.Messages;
using Appliance.SlowPath.Credentials;

namespace Appliance.SlowPath.Ike;

/// <summary>The credentials in force, whichever they are at the moment.</summary>
internal sealed class IkeSigner : IIkeSigner, IDisposable
{
    private volatile CredentialStore? store;

    /// <summary>Takes new credentials; the earlier ones are wiped.</summary>
    public void Use(CredentialStore? next)
    {
        var before = store;
        store = next;
        before?.Dispose();
    }

    /// <inheritdoc/>
    public SignatureMade Sign(MakeSignature work) =>
        store?.Sign(work) ?? new SignatureMade(work.Token, AuthenticationMethod.DigitalSignature, null) { Problem = "there are no credentials" };

    /// <inheritdoc/>
    public SignatureVerified Verify(VerifySignature work) => store?.Verify(work) ?? new SignatureVerified(work.Token, "there are no authorities");

    /// <inheritdoc/>
    public void Dispose() => Use(null);
}
