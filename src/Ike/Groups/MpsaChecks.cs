using Appliance.Ike.Keys;
using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Groups;

/// <summary>What a member asks of an MPSA_PUT that could be read, before anything is installed.</summary>
internal static class MpsaChecks
{
    /// <summary>The group that it is for; null: there is none, and why. Without GROUP it is for the only one that its sender is gateway of.</summary>
    public static MemberGroup? GroupOf(Step step, IkeSa sa, MpsaPut put, out MpsaError error)
    {
        error = default;
        var name = sa.ConfiguredName;
        if ((put.Group is not null || put.SenderIds.Count > 0) && !sa.Extensions.HasFlag(Extensions.SenderIds))
        {
            error = new(MpsaRefusal.NotSupported, "private transforms of a peer that did not send our vendor ID");
            return null;
        }

        var known = step.Configuration.Groups.Where(g => name is not null && g.Gateways.Contains(name)).ToArray();
        if (known.Length == 0) error = new(MpsaRefusal.NotAGateway, $"{sa.PeerName} is no gateway of a group of ours");
        else if (put.Group is null && known.Length > 1) error = new(MpsaRefusal.UnknownGroup, $"it names no group, and {name} is gateway of {string.Join(", ", known.Select(g => g.Name))}");
        else if ((put.Group is null ? known[0] : known.FirstOrDefault(g => g.Name == put.Group)) is { } group) return step.Machine.Members.Find(group.Name);
        else if (step.Configuration.Groups.Any(g => g.Name == put.Group)) error = new(MpsaRefusal.NotAGateway, $"{name} is no gateway of group {put.Group}");
        else error = new(MpsaRefusal.UnknownGroup, $"group {put.Group} is not in the configuration");
        return null;
    }

    /// <summary>Whether it can be used, its key apart; if not, why.</summary>
    public static bool Takes(Step step, IkeSa sa, MpsaPut put, IkeGroup group, out MpsaError error)
    {
        error = default;
        if (MultipointKeys.NeedsSenderIds(put.Encryption) && put.SenderIds.Count < Math.Max(1, group.Senders))
            error = new(MpsaRefusal.NoSenderIds, $"SA {put.Spi:x8} has {AlgorithmNames.Of(put.Encryption)}, a counter mode, and came with {put.SenderIds.Count} Sender-IDs of the {Math.Max(1, group.Senders)} that we need "
                + "(one for each worker and outer family): under a shared key IVs would repeat (RFC 6054); the gateway has to give Sender-IDs, or to use AES-CBC");
        else if (put.LifetimeSeconds == 0 || put.LifetimeSeconds <= put.Rollover1Seconds)
            error = new(MpsaRefusal.Lifetime, $"SA {put.Spi:x8} lives for {put.LifetimeSeconds} s and is sent by after {put.Rollover1Seconds} s");
        else if (step.Machine.Members.FindSpi(put.Spi) is { } other && (other.Gateway.Group != group.Name || other.Gateway.Name != sa.ConfiguredName))
            error = new(MpsaRefusal.SpiInUse, $"SA {put.Spi:x8} has the SPI of one that {other.Gateway.Name} handed out for group {other.Gateway.Group}");
        return error.Reason == MpsaRefusal.None;
    }
}
