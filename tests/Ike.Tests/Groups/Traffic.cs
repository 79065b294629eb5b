namespace Appliance.Ike.Groups;

/// <summary>At every moment everybody sends a packet to everybody: who is there must have the SA that it comes by. Hosts that are away at the time are named.</summary>
internal sealed class Traffic(params IReadOnlyList<GroupHost> hosts)
{
    /// <summary>Packets that came in, so that a test cannot pass because nobody sent any.</summary>
    public int Packets { get; private set; }

    /// <summary>Who does not take part now.</summary>
    public HashSet<GroupHost> Away { get; } = [];

    public void Flow()
    {
        foreach (var sender in hosts.Where(h => !Away.Contains(h)))
        {
            Assert.True(sender.Sending.TryGetValue("mesh", out var spi), $"{sender.Name} has nothing to send by at {sender.Now.Milliseconds}");
            foreach (var receiver in hosts.Where(h => h != sender && !Away.Contains(h)))
            {
                Assert.True(receiver.Installed.ContainsKey(("mesh", spi)), $"{receiver.Name} does not take in {spi:x8} of {sender.Name} at {sender.Now.Milliseconds}");
                Packets++;
            }
        }
    }
}
