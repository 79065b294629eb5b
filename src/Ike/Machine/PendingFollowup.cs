using Appliance.Crypto;
using Appliance.Ike.Exchanges;

namespace Appliance.Ike.Machine;

/// <summary>
/// CREATE_CHILD_SA of the peer whose additional key exchanges are still to come (RFC 9370 §2.2.4): the secrets so far, and what is made of them in the end. The link says which one
/// an IKE_FOLLOWUP_KE goes on with; it is another one each time.
/// </summary>
internal sealed class PendingFollowup(IReadOnlyList<KeyExchangeMethod> methods, Secret first, SaMaking making, Step step) : IDisposable
{
    private const int LinkLength = 8;
    private readonly List<Secret> secrets = [new Secret(first.Octets)];

    /// <summary>Data of ADDITIONAL_KEY_EXCHANGE that the peer sends back.</summary>
    public byte[] Link { get; private set; } = step.Entropy.Octets(LinkLength);

    /// <summary>The method that comes next.</summary>
    public KeyExchangeMethod Next => methods[secrets.Count - 1];

    /// <summary>All key exchanges are through.</summary>
    public bool IsDone => secrets.Count > methods.Count;

    /// <summary>What is made in the end.</summary>
    public SaMaking Making => making;

    /// <summary>One more secret, which is taken over.</summary>
    public void Add(Step now, Secret secret)
    {
        secrets.Add(secret);
        Link = now.Entropy.Octets(LinkLength);
    }

    /// <summary>Makes it. Not null: why not after all.</summary>
    public Children.ChildRefusal? Make(Step now, Exchange exchange) => making.Make(now, exchange, secrets[0], [.. secrets[1..]]);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var secret in secrets) secret.Dispose();
    }
}
