using Appliance.Ike;

namespace Appliance.SlowPath.Ike;

/// <summary>Signs with our credentials and checks those of peers. Any thread of the pool.</summary>
internal interface IIkeSigner
{
    /// <summary>Signs AUTH.</summary>
    SignatureMade Sign(MakeSignature work);

    /// <summary>Checks certificates, identity and signature.</summary>
    SignatureVerified Verify(VerifySignature work);
}
