using System.Text.Json.Nodes;
using Appliance.Cli;
using Appliance.Cli.Labs;

namespace Appliance.Interop.Rig;

/// <summary>The lab that <c>make run</c> starts (draft-yamaya-ipsecme-mpsa-04): tcpdump on its router, ping and iperf3 are the judges.</summary>
[Trait("peer", "lab")]
[Collection("lab")]
public sealed class MeshTests
{
    [SkippableFact]
    public void Mesh_GoesDirectly_IsRekeyedWithoutLoss_TakesAMemberIn_AndShutsItOut()
    {
        Skip.IfNot(Environment.IsPrivilegedProcess, "needs root: network namespaces and AF_XDP");
        var said = new List<string>();
        JsonObject figures;
        try
        {
            figures = new LabRun(LabReader.Read(Path.Combine(AppContext.BaseDirectory, "labs", "mesh", "lab.yaml")), said.Add, CancellationToken.None).Run(1, live: false);
        }
        catch (Failure failure)
        {
            Assert.Fail($"{failure.Text}\n{string.Join('\n', said)}");
            throw;
        }

        Assert.True(figures["problems"]!.AsArray().Count == 0, $"{figures.ToJsonString()}\n{string.Join('\n', said)}");
        Assert.Equal((12, 12), ((int)figures["pairs"]!, (int)figures["direct_pairs"]!));
        Assert.True((long)figures["esp_packets_checked"]! > 10_000, figures.ToJsonString());
        Assert.Equal((0, 0), ((long)figures["repeated_ivs"]!, (long)figures["clear_packets_on_wan"]!));
        Assert.Equal(0, (double)figures["rekey_loss_pct"]!);
        Assert.InRange((double)figures["join_ms"]!, 0, 3000);
        Assert.True((long)figures["member_decrypts"]! > 0, figures.ToJsonString());
        Assert.Equal(0, (long)figures["ex_member_decrypts"]!);
    }
}
