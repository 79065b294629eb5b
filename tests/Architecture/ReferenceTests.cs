namespace Appliance.Architecture;

/// <summary>Who may know whom. References run one way; leaves know nothing.</summary>
public sealed class ReferenceTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Wire"] = [],
        ["Shared"] = [],
        ["Crypto"] = [],
        ["Esp"] = ["Crypto", "Shared", "Wire"],
        ["PacketIo"] = ["Shared"],
        ["DataPlane"] = ["Crypto", "Esp", "PacketIo", "Shared", "Wire"],
        ["Bfd"] = ["Machine"],
        ["Bgp"] = ["Machine"],
        ["Gatekeeper"] = ["Crypto"],
        ["Ike"] = ["Crypto", "Machine"],
        ["Machine"] = [],
        ["Policy"] = ["Shared", "Wire"],
        ["SlowPath"] = ["Bfd", "Bgp", "Crypto", "Ike", "Machine", "Policy", "Shared", "Wire"],
        ["Supervisor"] = ["PacketIo", "Shared"],
        ["TcpAo"] = ["Crypto", "Wire"],
        ["Cli"] = ["Shared"],
    };

    /// <summary>Where pointers are allowed. Tests and benchmarks that hand memory to kernels say so here.</summary>
    private static readonly string[] UnsafeProjects =
    [
        "Crypto", "PacketIo", "Shared",
        "Benchmarks", "Crypto.Tests", "DataPlane.Tests", "Esp.Tests", "Fuzz", "LineRate", "Litmus", "PacketIo.Tests", "Shared.Tests",
    ];

    [Fact]
    public void EveryRoomIsKnownHere() => Assert.Equal(Allowed.Keys.Order(), House.Rooms);

    [Fact]
    public void RoomsReferToExactlyTheRoomsAllowed()
    {
        foreach (var (room, allowed) in Allowed)
        {
            var references = House.Elements($"src/{room}/{room}.csproj", "ProjectReference").Select(e => Path.GetFileNameWithoutExtension(e.Attribute("Include")!.Value)).Order();
            Assert.True(allowed.SequenceEqual(references), $"{room} refers to {string.Join(' ', references)}; allowed: {string.Join(' ', allowed)}");
        }
    }

    [Fact]
    public void UnsafeCodeIsOnlyWhereItIsAllowed()
    {
        var projects = House.Projects().Where(p => House.Elements(p, "AllowUnsafeBlocks").Any(e => e.Value.Trim() == "true")).Select(p => Path.GetFileNameWithoutExtension(p));
        Assert.Empty(projects.Except(UnsafeProjects));
    }

    [Fact]
    public void NativeCallsAreOnlyWhereUnsafeCodeIs()
    {
        var places = House.Rooms.Except(["Crypto", "PacketIo", "Shared"]).SelectMany(r => House.Sources($"src/{r}"))
            .Where(f => !f.StartsWith("src/SlowPath/Netlink/", StringComparison.Ordinal))
            .Where(f => House.CodeLines(f).Any(l => l.Contains("DllImport", StringComparison.Ordinal) || l.Contains("LibraryImport", StringComparison.Ordinal)));
        Assert.Empty(places);
    }

    /// <summary>Wire, Esp and Policy get what they work on as arguments: no clock that sleeps, no socket, no terminal, no file.</summary>
    [Theory]
    [InlineData("Wire")]
    [InlineData("Esp")]
    [InlineData("TcpAo")]
    [InlineData("Gatekeeper")]
    [InlineData("Policy")]
    [InlineData("Machine")]
    [InlineData("Ike")]
    [InlineData("Bgp")]
    [InlineData("Bfd")]
    public void PureRoomsDoNotTouchTheWorld(string room)
    {
        string[] forbidden = ["Console.", "Thread.Sleep", "Task.Delay", "System.Net.Sockets", "new Socket(", "System.IO.File", "File.Open", "File.Read", "DateTime.Now", "DateTime.UtcNow", "Process.Start"];
        var found = House.Sources($"src/{room}").SelectMany(f => House.CodeLines(f).Where(l => forbidden.Any(w => l.Contains(w, StringComparison.Ordinal))).Select(l => $"{f}: {l.Trim()}"));
        Assert.Empty(found);
    }

    [Fact]
    public void PackagesHaveTheirVersionsInOnePlace() =>
        Assert.DoesNotContain(House.Projects(), p => House.Elements(p, "PackageReference").Any(e => e.Attribute("Version") != null));

    [Fact]
    public void EveryProjectIsInTheSolution()
    {
        var solution = House.Read("Appliance.sln").Replace('\\', '/');
        Assert.DoesNotContain(House.Projects(), p => !solution.Contains($"\"{p}\"", StringComparison.Ordinal));
    }
}
