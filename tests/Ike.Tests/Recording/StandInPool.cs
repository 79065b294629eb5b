using System.Buffers.Binary;
using System.Security.Cryptography;
using Appliance.Crypto;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Recording;

/// <summary>Which two halves of key exchanges agree on which secret; shared by those who talk to each other.</summary>
internal sealed class Agreements
{
    private readonly Dictionary<(long, long), long> secrets = [];
    private long halves;

    /// <summary>Number of a fresh half.</summary>
    public long NewHalf() => ++halves;

    /// <summary>Number of the secret of two halves.</summary>
    public long Secret(ReadOnlySpan<byte> one, ReadOnlySpan<byte> other)
    {
        var (a, b) = (BinaryPrimitives.ReadInt64BigEndian(one), BinaryPrimitives.ReadInt64BigEndian(other));
        var pair = (Math.Min(a, b), Math.Max(a, b));
        if (!secrets.TryGetValue(pair, out var number)) secrets.Add(pair, number = secrets.Count + 1);
        return number;
    }
}

/// <summary>Does the work that a machine asks for with stand-ins: fast, and the same each time.</summary>
/// <param name="agreements">Shared with the other side.</param>
/// <param name="secret">Makes a secret of its number.</param>
internal sealed class StandInPool(Agreements agreements, Func<long, Secret> secret)
{
    /// <summary>The result of work; installations of children work.</summary>
    public WorkDone Result(WorkAction work)
    {
        switch (work)
        {
            case BeginKeyExchange begin:
                return new KeyExchangeBegun(begin.Token, new StandInExchange(begin.Method, StandIns.PublicValue(agreements.NewHalf())));
            case AnswerKeyExchange { PeerValue.Length: not StandIns.SecretLength }:
                return new SharedSecretComputed(work.Token, [], null);
            case AnswerKeyExchange answer:
                var ours = StandIns.PublicValue(agreements.NewHalf());
                return new SharedSecretComputed(answer.Token, ours, secret(agreements.Secret(ours, answer.PeerValue)));
            case CompleteKeyExchange complete:
                using (complete.Exchange)
                    return new SharedSecretComputed(complete.Token, [], complete.PeerValue.Length == StandIns.SecretLength ? secret(agreements.Secret(complete.Exchange.PublicValue, complete.PeerValue)) : null);
            case MakeSignature make:
                return new SignatureMade(make.Token, AuthenticationMethod.DigitalSignature, SHA256.HashData(make.Octets));
            case VerifySignature verify:
                return new SignatureVerified(verify.Token, verify.Data.AsSpan().SequenceEqual(SHA256.HashData(verify.Octets)) ? null : "the signature is wrong");
            case InstallChild install:
                return new ChildInstalled(install.Token, null);
            case InstallGroupSa install:
                return new GroupInstalled(install.Token, null);
            case MakeGroupKey make:
                return new GroupKeyMade(make.Token, new Secret([.. Enumerable.Repeat((byte)make.Token, make.Length)]));
            default:
                throw new NotSupportedException($"no work for {work}");
        }
    }
}
