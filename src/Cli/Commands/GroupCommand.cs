using System.CommandLine;
using Appliance.Cli.Api;

namespace Appliance.Cli.Commands;

/// <summary>appliance group …: what an operator asks of a group's gateway.</summary>
internal static class GroupCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        Option<string?> instance = Instances.Option();
        var name = new Argument<string>("GROUP") { Description = "A group that this node is gateway of" };
        var rekey = new Command("rekey", "Hand out a new multi-point SA with a new key; no packet is lost. Ends when the rekey has begun: members send by the new SA after the rollover time") { name, instance };
        rekey.SetAction(parsed =>
        {
            var group = parsed.GetRequiredValue(name);
            using var api = new ApiClient(Instances.Find(parsed.GetValue(instance)).ApiSocket);
            api.Send(HttpMethod.Post, $"/groups/{Uri.EscapeDataString(group)}/rekey");
            Console.WriteLine($"{group} gets a new SA; 'appliance show groups' says who has it");
        });
        return new Command("group", "Rekey a group with a multi-point SA") { rekey };
    }
}
