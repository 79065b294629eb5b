using System.Text.Json.Nodes;
using Appliance.Cli.Commands;

namespace Appliance.CliTests;

/// <summary>What <c>appliance drain</c> makes of an answer of the API.</summary>
public sealed class DrainTests
{
    [Theory]
    [InlineData("""{"draining":false,"asked_to_move":0,"staying":["a"]}""", "in service: peers may begin IKE SAs")]
    [InlineData("""{"draining":true,"asked_to_move":0,"staying":[]}""", "draining: new IKE SAs are refused ('ike.redirect' names no gateway to send peers to)\nno peer is here any more")]
    [InlineData("""{"draining":true,"redirect_to":"203.0.113.1","asked_to_move":2,"staying":["a","b"]}""",
        "draining: peers are redirected to 203.0.113.1; those that cannot be redirected get no new IKE SA\nasked to move, and still here: 2 IKE SAs\nstay until they end ('appliance ike down NAME' ends them): a, b")]
    public void TheOutcomeSaysWhoIsStillHere(string answer, string text) => Assert.Equal(text, DrainCommand.Text(JsonNode.Parse(answer)!));
}
