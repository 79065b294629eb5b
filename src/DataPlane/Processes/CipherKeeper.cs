using Appliance.Crypto;
using Appliance.Esp;
using Appliance.Shared;

namespace Appliance.DataPlane;

/// <summary>
/// Makes the objects of SAs whose cipher has no kernel before the slow path publishes them (<see cref="RegionHeader.SaVersion"/>), so that no worker ever allocates one.
/// </summary>
internal sealed class CipherKeeper(Region region, CipherObjects objects, AesGcmTier tier)
{
    private readonly Quiescence quiescence = new(region);
    private ulong forgottenAt;
    private bool hasForgotten;

    /// <summary>Looks through all SAs, and says up to which version they are ready.</summary>
    public void Prepare(uint version)
    {
        for (uint slot = 0; slot < (uint)region.Counts.OutboundSas; slot++)
        {
            ref var sa = ref region.OutboundSa(slot);
            if (!IsInUse(sa.State)) objects.ForgetOutbound(slot);
            else if (CipherObjects.NeedsObject((Cipher)sa.Cipher, tier)) Try(sa.Spi, () => objects.PrepareOutbound(slot, region.OutboundSa(slot), tier));
        }

        for (uint slot = 0; slot < (uint)region.Counts.InboundSas; slot++)
        {
            ref var sa = ref region.InboundSa(slot);
            if (!IsInUse(sa.State)) objects.ForgetInbound(slot);
            else if (CipherObjects.NeedsObject((Cipher)sa.Cipher, tier)) Try(sa.Spi, () => objects.PrepareInbound(slot, region.InboundSa(slot), tier));
        }

        (forgottenAt, hasForgotten) = (quiescence.Ticket(), true);
        Volatile.Write(ref region.Header.SaPrepared, version);
        Doorbell.Wake(ref region.Header.SaPrepared);
    }

    /// <summary>Once a round of the keeper: frees what no worker can use any more.</summary>
    public void Sweep()
    {
        if (!hasForgotten || !quiescence.HasPassed(forgottenAt)) return;
        hasForgotten = false;
        objects.DisposeForgotten();
    }

    private static bool IsInUse(uint state) => state is SlotState.Live or SlotState.Writing;

    /// <summary>A record that names no cipher of ours has no object: its packets are dropped as such.</summary>
    private static void Try(uint spi, Action prepare)
    {
        try
        {
            prepare();
        }
        catch (Exception failure) when (failure is ArgumentException or PlatformNotSupportedException)
        {
            Log.Say($"SA {spi:x8}: {failure.Message}");
        }
    }
}
